"""How far a network looks."""

import copy

import pytest

torch = pytest.importorskip("torch")
from torch import Tensor, nn  # noqa: E402 - after the skip where torch is missing

from kittiseg.inference.receptive_field import receptive_field  # noqa: E402
from kittiseg.training.networks import NETWORKS, make_network  # noqa: E402


def transparent(network: nn.Module) -> nn.Module:
    """All weights are positive and nothing is added, so that whatever is seen of a picture that is black else shows."""
    network = copy.deepcopy(network).double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1 / parameter[0].numel() if parameter.dim() > 1 else 0)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.fill_(1)
    return network


def reach_of(network: nn.Module, length: int) -> int:
    """The furthest that one of 16 neighbouring columns is seen from."""
    columns = torch.arange(length // 2, length // 2 + 16)
    images_nchw = torch.zeros(16, 3, 16, length, dtype=torch.float64)
    images_nchw[torch.arange(16), :, :, columns] = 1
    with torch.inference_mode():
        places = (transparent(network)(images_nchw) > 0).any(dim=1).any(dim=1).nonzero()
    return int((places[:, 1] - columns[places[:, 0]]).abs().max())


@pytest.mark.parametrize(("name", "length"), [("unetv2", 512), ("lightunet", 1024)])
def test_a_network_looks_no_further_and_hardly_less_far(name: str, length: int):
    """As single columns show, each of which may be seen at all."""
    network = make_network(name, 2, 0.06)

    found = receptive_field(network)

    assert found is not None
    assert found % 16 == 0
    assert found - 32 < reach_of(network, length) <= found


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("axis", [2, 3])
def test_what_lies_beyond_changes_no_logit(name: str, axis: int):
    """Bit for bit, with weights as they are drawn; a neighbour does."""
    torch.manual_seed(0)
    network = make_network(name, 2, 0.06).eval()
    field = receptive_field(network)
    assert field is not None
    length, place = 2 * field + 128, field + 64
    picture_nchw = drawn(1, 3, *((length, 16) if axis == 2 else (16, length)), seed=1)
    others = torch.arange(length)
    beyond_nchw, near_nchw = picture_nchw.clone(), picture_nchw.clone()
    for changed_nchw, places in (
        (beyond_nchw, others[(others - place).abs() > field]),
        (near_nchw, others[(others - place).abs() == 1]),
    ):
        changed_nchw.index_copy_(axis, places, drawn(*changed_nchw.index_select(axis, places).shape, seed=2))

    with torch.inference_mode():
        logits, beyond, near = (network(each).select(axis, place) for each in (picture_nchw, beyond_nchw, near_nchw))

    assert torch.equal(logits, beyond)
    assert not torch.equal(logits, near)


@pytest.mark.parametrize(
    ("network", "reach"),
    [
        (nn.Conv2d(3, 2, 1), 0),
        (nn.Conv2d(3, 2, 5, padding=4, dilation=2), 4),
        (nn.Conv2d(3, 2, (1, 3), padding=(0, 1)), 1),
        (nn.Conv2d(3, 2, (7, 1), padding=(3, 0)), 3),
    ],
)
def test_of_a_single_convolution_it_is_known(network: nn.Module, reach: int):
    """To the px, in the direction in which it is wider."""
    assert receptive_field(network) == reach


def test_a_network_that_averages_all_of_its_input_has_none():
    """Nothing is far enough away."""

    class Squeezed(nn.Conv2d):
        def forward(self, x_nchw):
            return super().forward(x_nchw + x_nchw.mean((2, 3), keepdim=True))

    assert receptive_field(Squeezed(3, 2, 1)) is None


def test_the_network_stays_what_it_was():
    """Its mode and its precision too."""
    network = make_network("unetv2", 2, 0.06).double().train()
    before = copy.deepcopy(network.state_dict())

    receptive_field(network)

    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
