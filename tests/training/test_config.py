import dataclasses
import json
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from kittiseg.config import Doc, load, parse, to_json
from kittiseg.errors import ConfigError
from kittiseg.training.config import TrainConfig

TUTORIAL = Path(__file__).parents[2] / "configs" / "kitti_vehicles" / "train.json"


def test_the_defaults_are_those_of_2018_and_ours() -> None:
    """An empty JSON object gives every field its default."""
    ours = {"seed": 0, "precision": "auto", "width": 1.0, "network": "unetv2", "devices": "exact"}
    ours |= {"loss": None, "class_weights": None, "schedule": None, "sampling": None, "accumulate": 1}
    ours |= {"optimizer": {"name": "adam", "betas": [0.9, 0.999], "eps": 1e-8}, "best_by": "loss", "keep": "all"}
    ours |= {"early_stopping": None, "ema": None, "clip_gradients": None, "freeze_encoder": 0.0}
    ours |= {"samples_in": "auto", "sync_batchnorm": False, "compile": False, "validate_on": None}
    ours |= {"trackers": ["tensorboard"]}

    assert to_json(parse(TrainConfig, {}, source="t")) == ours | {
        "dataset_tags": {"train": "train", "val": "val"},
        "batch_size": {"train": 1, "val": 1},
        "data_workers": {"train": 0, "val": 0},
        "allow_corrupted_samples": {"train": 0, "val": 0},
        "special_classes": {"background": "bg", "neutral": "neutral"},
        "input_size": {"width": 128, "height": 128},
        "epochs": 2,
        "val_every": 0.5,
        "lr": 0.1,
        "momentum": 0.9,
        "lr_decreasing": {"patience": 1000, "lr_divisor": 5.0},
        "loss_weights": {"bce": 1.0, "dice": 1.0},
        "weights_init_type": "transfer_learning",
        "validate_with_model_eval": True,
        "gpu_devices": [0],
    }


def test_the_tutorial_parses_unchanged() -> None:
    """What its JSON says is what the config has, and what it leaves out is the default, inside objects too."""
    document = json.loads(TUTORIAL.read_text())

    config = load(TrainConfig, TUTORIAL)

    assert {key: to_json(config)[key] for key in document} == document
    assert config.gpu_devices == (0, 1, 2)
    assert parse(TrainConfig, {"batch_size": {"train": 14}}, source="t").batch_size.val == 1


def test_a_config_survives_json() -> None:
    """What is written into a model's config.json reads back equal."""
    config = load(TrainConfig, TUTORIAL)

    assert parse(TrainConfig, json.loads(json.dumps(to_json(config))), source="t") == config


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"input_size": {"width": 100}}, "/input_size/width: .*multiple of 16"),
        ({"input_size": {"width": 16, "height": 16}}, "/input_size: 16 x 16 leaves one pixel"),
        ({"batch_size": {"train": 0}}, "/batch_size/train: "),
        ({"dataset_tags": {"val": ""}}, "/dataset_tags/val: "),
        ({"special_classes": {"background": "x", "neutral": "x"}}, "/special_classes: .*both 'x'"),
        ({"loss_weights": {"bce": 0, "dice": 0}}, "/loss_weights: .*both 0"),
        ({"gpu_devices": []}, "/gpu_devices: "),
        ({"gpu_devices": [1, 1]}, "names a device twice"),
        ({"batch_size": {"train": 3}, "accumulate": 4}, "accumulate is 4 and batch_size.train 3, .* make accumulate s"),
        ({"epochs": 3, "schedule": {"name": "cosine", "warmup_epochs": 3}}, "warms up for 3 of 3 epochs; shorten it"),
        ({"schedule": {"name": "lr_decreasing", "power": 1}}, "/schedule/power: unknown key"),
        ({"ema": 1}, "/ema: "),
        ({"clip_gradients": 0}, "/clip_gradients: "),
        ({"keep": {"best": 0}}, "/keep/best: "),
        ({"keep": "best"}, "/keep: .*'all' or an object"),
        (
            {"batch_size": {"train": 2}, "accumulate": 2, "sync_batchnorm": True},
            "sync_batchnorm computes all of a work",
        ),
        ({"weights_init_type": "imagenet"}, "/weights_init_type: "),
        ({"network": "unet"}, "'unet' is not known; did you mean 'unetv2'"),
        ({"network": "smp:Unet"}, "'smp:Unet' is none of the form smp:<architecture>/<encoder>"),
        ({"network": "smp:Unet/resnet18", "width": 0.5}, "has the width of its encoder; leave width out"),
        ({"loss": {"name": "diec"}}, "/loss/name: 'diec' is not known; did you mean 'dice'"),
        ({"loss": {"name": "dice", "gamma": 1}}, "/loss/gamma: unknown key 'gamma'"),
        ({"loss": {"name": "tversky", "alpha": 0, "beta": 0}}, "/loss: alpha and beta are both 0"),
        ({"class_weights": "even"}, "/class_weights: .*'balanced' or an object"),
        ({"class_weights": {"car": 0}}, "/class_weights/car: .*greater than 0"),
        ({"trackers": ["comet"]}, "/trackers/0: "),
        ({"trackers": ["mlflow", "mlflow"]}, "names one twice"),
        ({"devices": "cpu:0"}, "wanted exact, auto, cpu"),
        ({"width": 0}, "/width: "),
        ({"validate_on": {"project": "p"}}, "/validate_on/config: is required and missing"),
        (
            {"validate_on": {"project": "p", "config": {"mode": {"source": "x"}}}},
            "/validate_on/config/mode/source: 'x'",
        ),
        ({"validate_on": {"project": "p", "config": "infer.json", "every": 0}}, "/validate_on/every: "),
        ({"batchsize": {}}, "unknown key 'batchsize'; did you mean 'batch_size'"),
    ],
)
def test_what_cannot_be_done_is_refused(document: dict[str, Any], message: str) -> None:
    """Each rule of the table has a problem with its place."""
    with pytest.raises(ConfigError, match=message):
        parse(TrainConfig, document, source="t")


def test_every_field_is_described() -> None:
    """The help and the reference are made of these lines."""

    def undescribed(cls: type, at: str) -> list[str]:
        hints = get_type_hints(cls, include_extras=True)
        found = []
        for each in dataclasses.fields(cls):
            hint = hints[each.name]
            if not any(isinstance(part, Doc) for part in getattr(hint, "__metadata__", ())):
                found.append(f"{at}/{each.name}")
            inner = getattr(hint, "__origin__", hint)
            if dataclasses.is_dataclass(inner) and isinstance(inner, type):
                found += undescribed(inner, f"{at}/{each.name}")
        return found

    assert undescribed(TrainConfig, "") == []
