import torch

from kittiseg.inference.network import fold_batch_norms
from kittiseg.training.networks.lightunet import LightUNet
from kittiseg.training.networks.unetv2 import UNetV2


def test_it_has_1114178_parameters() -> None:
    """Two classes at width 1: a thirtieth of UNetV2's."""
    assert sum(parameter.numel() for parameter in LightUNet(2).parameters()) == 1_114_178


def test_width_multiplies_the_channels() -> None:
    """Half of them, never fewer than 4, always a multiple of 4; the sizes stay when channels fall together."""
    assert [scale[-1].block[3].out_channels for scale in LightUNet(2, 0.5).down] == [16, 32, 80, 160]
    assert [scale[-1].block[3].out_channels for scale in LightUNet(2, 0.05).down] == [4, 4, 8, 16]
    assert LightUNet(2, 0.05)(torch.zeros(2, 3, 32, 48)).shape == (2, 2, 32, 48)


def test_a_pixel_sees_400_px_to_each_side() -> None:
    """More than the whole of an input of 256: the deepest blocks are dilated."""
    network = LightUNet(2, 0.1).double().eval()
    for module in network.modules():  # with positive weights no ReLU hides what is seen
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data.abs_()
    image_nchw = torch.ones(1, 3, 16, 1024, dtype=torch.float64, requires_grad=True)

    network(image_nchw)[0, 0, 8, 512].backward()

    reached = image_nchw.grad.abs().sum((0, 1, 2)).nonzero()
    assert 0 < reached.min() < 512 - 400
    assert 512 + 400 < reached.max() < 1023


def test_batch_norms_can_be_folded() -> None:
    """The same logits with fewer layers, as prediction runs it."""
    network = LightUNet(2, 0.1).double().eval()
    image_nchw = torch.randn(1, 3, 32, 32, dtype=torch.float64)

    folded = fold_batch_norms(network)

    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    torch.testing.assert_close(folded(image_nchw), network(image_nchw))


def test_names_are_not_those_of_vgg() -> None:
    """So that its ImageNet weights are refused, not taken over in part."""
    assert not set(LightUNet(2).state_dict()) & set(UNetV2(2, 0.06).state_dict()) - {"head.weight", "head.bias"}
