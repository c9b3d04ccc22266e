"""The settings of a prediction."""

from pathlib import Path
from typing import Any

import pytest

from kittiseg.config import load, parse, to_json
from kittiseg.errors import ConfigError
from kittiseg.inference.config import FullImageSettings, InferenceConfig, SlidingWindowSettings
from kittiseg.project.geometry import Size

TUTORIAL = Path(__file__).resolve().parents[2] / "configs" / "kitti_vehicles" / "infer.json"

SLIDING = {"source": "sliding_window"}


def refused(document: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(InferenceConfig, document, source="infer.json")
    return str(caught.value)


def test_the_tutorials_config_is_read_unchanged():
    """Every key of the tutorial's JSON arrives, and the class name that it leaves out has its default."""
    config = load(InferenceConfig, TUTORIAL)

    assert isinstance(config.mode, SlidingWindowSettings)
    assert config.mode.window.size == Size(height=370, width=370)
    assert config.mode.min_overlap.px(config.mode.window.size) == Size(height=0, width=300)
    assert (config.mode.save, config.mode.class_name) == (False, "sliding_window")
    assert config.gpu_devices == (0,)
    assert (config.model_classes.save_classes, config.model_classes.add_suffix) == (("vehicle",), "_dl")
    assert (config.existing_objects.save_classes, config.existing_objects.add_suffix) == ((), "")


def test_defaults_are_those_of_2018():
    """An empty document: the whole picture, all classes with ``_unet`` behind, no existing object kept."""
    config = parse(InferenceConfig, {}, source="infer.json")

    assert config.mode == FullImageSettings()
    assert (config.model_classes.save_classes, config.model_classes.add_suffix) == ("__all__", "_unet")
    assert (config.existing_objects.save_classes, config.existing_objects.add_suffix) == ((), "")
    sliding = parse(InferenceConfig, {"mode": {"source": "sliding_window"}}, source="infer.json").mode
    assert isinstance(sliding, SlidingWindowSettings)
    assert sliding.window.size == Size(height=128, width=128)
    assert sliding.min_overlap.px(sliding.window.size) == Size(height=0, width=0)


def test_a_config_survives_the_way_through_json():
    """What ``to_json`` writes is read back to an equal config."""
    skip = {"plain": True, "inside": {"geojson": "fields.geojson"}, "coarse": {}}
    skipping = parse(InferenceConfig, {"mode": {**SLIDING, "skip": skip}}, source="infer.json")

    for config in (load(InferenceConfig, TUTORIAL), skipping):
        assert parse(InferenceConfig, to_json(config), source="again") == config


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"mode": {"source": "slidng_window"}}, "/mode/source: 'slidng_window' is not known; did you mean 'sliding_w"),
        ({"outputs": [{"as": "maks"}]}, "/outputs/0/as: 'maks' is not known; did you mean 'masks'"),
        ({"outputs": [{"type": "uint8"}]}, "/outputs/0/as: is required and missing"),
        ({"outputs": [{"as": "masks"}, {"as": "masks"}]}, "/: outputs names one kind of file twice"),
        ({"mode": {"save": True}}, "/mode/source: is required and missing"),
        ({"augment": {"scales": [1, 0.5, 1]}}, "/augment: scales names one twice"),
        ({"augment": {"scales": []}}, "/augment/scales: "),
        ({"temperature": 0}, "/temperature: "),
        ({"mode": {"source": "full_image", "window": {}}}, "/mode/window: unknown key 'window'"),
        ({"mode": {"source": "sliding_window", "windw": {}}}, "/mode/windw: unknown key 'windw'; did you mean 'window"),
        ({"mode": {"source": "sliding_window", "min_overlap": {"x": -3}}}, "/mode/min_overlap/x: input should be gre"),
        ({"mode": {"source": "sliding_window", "min_overlap": {"y": 128}}}, "/mode: min_overlap y is 128 px, but the"),
        ({"mode": {**SLIDING, "skip": {"coarse": {"factor": 1}}}}, "/mode/skip/coarse/factor: input should be gre"),
        (
            {"mode": {**SLIDING, "skip": {"inside": {"geojsn": "a"}}}},
            "/mode/skip/inside/geojsn: unknown key 'geojsn'; ",
        ),
        ({"mode": {**SLIDING, "skip": {"inside": {"objects": []}}}}, "/mode/skip/inside/objects: "),
        ({"model_classes": {"save_classes": "vehicle"}}, "/model_classes/save_classes: input should be '__all__'"),
        ({"gpu_devices": []}, "/gpu_devices: "),
        ({"gpu_devices": [0, 1, 0]}, "/: gpu_devices names one device twice"),
        ({"batch_size": 0}, "/batch_size: "),
        ({"devices": "gpu"}, "/devices: "),
    ],
)
def test_what_cannot_be_done_is_named_with_its_place(document: Any, problem: str):
    """One wrong thing, one problem that points at it."""
    assert f"\n  {problem}" in refused(document)


def test_all_problems_come_at_once():
    """Problems inside a mode do not hide those beside it."""
    text = refused({"mode": {"source": "sliding_window", "window": {"width": 0}}, "batch": 3, "precision": "fp8"})

    for place in ("/mode/window/width:", "/batch: unknown key 'batch'; did you mean 'batch_size'?", "/precision:"):
        assert place in text
