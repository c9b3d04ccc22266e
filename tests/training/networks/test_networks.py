from pathlib import Path

import numpy as np
import pytest
import torch

from kittiseg.errors import ConfigError
from kittiseg.inference.network import NetworkForward
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from kittiseg.training.checkpoints import load_network, resolve
from kittiseg.training.classes import ClassIndex
from kittiseg.training.loop import train_loop
from kittiseg.training.model import ModelConfig
from kittiseg.training.networks import HEAD, NETWORKS, check_network, make_network
from tests.data.train_worker import Context
from tests.data.training import CAR, tiny_config, tiny_job


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_have_the_size_of_the_picture(name: str) -> None:
    """Any size that is a multiple of the network's, and a last layer called head."""
    network = make_network(name, 3, 0.06).eval()

    with torch.inference_mode():
        logits_nchw = network(torch.zeros(2, 3, 3 * network.multiple, 2 * network.multiple))

    assert logits_nchw.shape == (2, 3, 3 * network.multiple, 2 * network.multiple)
    assert [key for key in network.state_dict() if key.startswith(HEAD)] == ["head.weight", "head.bias"]


@pytest.mark.parametrize("name", NETWORKS)
def test_no_parameter_is_dead(name: str) -> None:
    """Every parameter that is trained has a gradient after one backward pass."""
    network = make_network(name, 2, 0.06)

    network(torch.randn(2, 3, 32, 32)).square().sum().backward()

    trained = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in trained.values())


@pytest.mark.parametrize("name", NETWORKS)
def test_any_network_is_trained_and_predicts(name: str, tmp_path: Path) -> None:
    """One epoch makes a checkpoint; what it loads gives probabilities of every pixel of a window."""
    job = tiny_job(Workspace.at(tmp_path / "workspace"), network=name, epochs=1, val_every=1)

    train_loop(Context(rank=0, world_size=1), job)

    network, config = load_network(job.model, resolve(job.model, "last"))
    forward = NetworkForward(network, input_size=Size(height=32, width=32), precision="fp32")
    probs_nchw = forward(np.zeros((1, 20, 24, 3), np.uint8))
    assert config.settings.network == name
    assert probs_nchw.shape == (1, 2, 20, 24)
    np.testing.assert_allclose(probs_nchw.sum(1), 1, atol=1e-5)


def test_only_known_names_make_a_network() -> None:
    """A wrong one has the nearest right one, or all forms."""
    with pytest.raises(ValueError, match="did you mean 'lightunet'"):
        check_network("light_unet", 1)
    with pytest.raises(ValueError, match=r"known: lightunet, smp:<architecture>/<encoder>.*unetv2"):
        check_network("x", 1)


def test_an_input_of_the_wrong_size_is_refused_before_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of which the deepest layer has 1/32 of the size, and a config of 48 x 32."""

    class Deep(torch.nn.Conv2d):
        multiple = 32

        def __init__(self, classes: int, width: float) -> None:
            super().__init__(3, classes, 1)

    monkeypatch.setitem(NETWORKS, "deep", Deep)
    config = tiny_config(network="deep", input_size={"width": 48, "height": 32})

    with pytest.raises(ConfigError, match="/input_size/width: is 48 px; network 'deep' wants a multiple of 32"):
        ModelConfig(config, ClassIndex.of(CAR, config.special_classes)).build()
