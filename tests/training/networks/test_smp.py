from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from kittiseg.errors import ConfigError, ModelError
from kittiseg.inference.network import NetworkForward
from kittiseg.progress import Silent
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from kittiseg.training.checkpoints import load_network, resolve
from kittiseg.training.classes import ClassIndex
from kittiseg.training.loop import train_loop
from kittiseg.training.model import ModelConfig
from kittiseg.training.networks import HEAD, encoder_of
from kittiseg.training.networks.smp import SmpNetwork, parts_of, try_out
from kittiseg.training.networks.unetv2 import UNetV2
from kittiseg.training.weights import first_weights
from tests.data.train_worker import Context
from tests.data.training import CAR, tiny_config, tiny_job

UNET = "smp:Unet/resnet18"
CONFIG = {"network": UNET, "width": 1}


def importable() -> bool:
    """Beside a torch that torchvision was not built for, it is installed but cannot be imported."""
    try:
        import segmentation_models_pytorch  # noqa: F401
    except (ImportError, RuntimeError):
        return False
    return True


needs_smp = pytest.mark.skipif(not importable(), reason="segmentation_models.pytorch cannot be imported here")


def model_config(**fields: Any) -> ModelConfig:
    config = tiny_config(**{**CONFIG, **fields})
    return ModelConfig(config, ClassIndex.of(CAR, config.special_classes))


def test_a_name_has_two_or_three_parts() -> None:
    """Architecture, encoder, and the encoder's weights."""
    assert parts_of("smp:Unet/resnet34") == ("Unet", "resnet34", None)
    assert parts_of("smp:FPN/tu-convnext_tiny.in12k/imagenet") == ("FPN", "tu-convnext_tiny.in12k", "imagenet")
    for name in ("smp:Unet", "smp:Unet/", "smp:Unet/a/b/c", "smp:/resnet34"):
        with pytest.raises(ValueError, match="is none of the form smp:<architecture>/<encoder>, or"):
            parts_of(name)


@pytest.mark.skipif(find_spec("segmentation_models_pytorch") is not None, reason="the extra is installed")
def test_without_the_extra_the_error_says_how_to_get_it() -> None:
    """Before anything of the model is written."""
    with pytest.raises(ModelError, match=r"'smp:\.\.\.' need segmentation_models.pytorch.*pip install kittiseg\[smp\]"):
        first_weights(model_config(), None, Silent())


def test_a_size_that_a_network_cannot_take_is_found_by_trying() -> None:
    """UNetV2 in training, on one picture of 16 x 16, of 24 x 32, and of 32 x 32, which moves none of its statistics."""
    network = UNetV2(2, 0.06)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    for size in (Size(height=16, width=16), Size(height=24, width=32)):
        with pytest.raises(ModelError, match=r"takes no batch of 1 pictures of \d+ x \d+: .*another /input_size"):
            try_out(network, size, pictures=1)
    try_out(network, Size(height=32, width=32), pictures=1)

    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_network_whose_logits_are_smaller_than_the_picture_is_refused() -> None:
    """As 16 x 8 of 32 x 16."""
    with pytest.raises(ModelError, match="makes 16 x 8 of 32 x 16"):
        try_out(torch.nn.Conv2d(3, 2, 1, stride=2), Size(height=16, width=32), pictures=2)


@needs_smp
def test_its_last_layer_is_the_head() -> None:
    """Which transfer learning leaves out."""
    network = SmpNetwork(UNET, 3)

    assert [name for name in network.state_dict() if name.startswith(HEAD)] == ["head.0.weight", "head.0.bias"]
    assert network(torch.zeros(2, 3, 64, 32)).shape == (2, 3, 64, 32)
    assert SmpNetwork("smp:FPN/resnet18", 3).multiple == 32


@needs_smp
def test_its_encoder_can_be_frozen() -> None:
    """Though its parameters have other names than elsewhere."""
    network = model_config(freeze_encoder=1).build()
    encoder = encoder_of(network)

    assert encoder is not None
    inside = set(encoder.parameters())
    names = [name for name, parameter in network.named_parameters() if parameter in inside]
    assert names == [name for name, _ in network.named_parameters() if name.startswith("body.encoder.")]


@needs_smp
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("smp:Unett/resnet18", "no architecture 'Unett'; did you mean 'Unet'"),
        ("smp:Unet/resnet_18", "no encoder 'resnet_18'; did you mean 'resnet18'"),
        ("smp:Unet/tu-nosuch", "'smp:Unet/tu-nosuch' cannot be made"),
    ],
)
def test_what_the_package_does_not_know_is_named(name: str, message: str) -> None:
    """With the nearest that it knows."""
    with pytest.raises(ModelError, match=message):
        SmpNetwork(name, 2)


@needs_smp
def test_its_needs_are_found_before_the_first_step() -> None:
    """A side that is no multiple of 32, and one picture of 32 x 32, which leaves one px for batch statistics."""
    with pytest.raises(ConfigError, match=r"/input_size/width: is 48 px; .* wants a multiple of 32"):
        model_config(network="smp:FPN/resnet18", input_size={"width": 48, "height": 32}).build()
    with pytest.raises(ModelError, match="takes no batch of 1 pictures of 32 x 32"):
        first_weights(model_config(batch_size={"train": 1}), None, Silent())


@needs_smp
def test_transfer_needs_weights() -> None:
    """Named in the network's name, or by --init."""
    with pytest.raises(ModelError, match="as 'smp:Unet/resnet18/imagenet', or give weights by --init FILE"):
        first_weights(model_config(weights_init_type="transfer_learning"), None, Silent())


@needs_smp
def test_it_is_trained_and_predicts(tmp_path: Path) -> None:
    """An epoch makes a checkpoint; what it loads gives probabilities of every pixel of a window."""
    fields = {**CONFIG, "epochs": 1, "val_every": 1, "input_size": {"width": 64, "height": 32}}
    job = tiny_job(Workspace.at(tmp_path / "workspace"), **fields)

    train_loop(Context(rank=0, world_size=1), job)

    network, _ = load_network(job.model, resolve(job.model, "last"))
    forward = NetworkForward(network, input_size=Size(height=32, width=64), precision="fp32")
    probs_nchw = forward(np.zeros((1, 20, 24, 3), np.uint8))
    np.testing.assert_allclose(probs_nchw.sum(1), 1, atol=1e-5)
