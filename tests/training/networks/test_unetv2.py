import torch
import torch.nn.functional as F

from kittiseg.training.networks import ENCODER
from kittiseg.training.networks.unetv2 import UNetV2

VGG_CONVS = (0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40)  # places of the convolutions in torchvision's vgg16_bn


def test_the_network_of_2018_has_32684610_parameters() -> None:
    """Two classes at width 1, without the block that was built and never used."""
    assert sum(parameter.numel() for parameter in UNetV2(2).parameters()) == 32_684_610


def test_the_encoder_is_named_like_vgg16_bn() -> None:
    """Name by name: a convolution with weight and bias at each place, its normalisation at the next."""
    expected = {f"features.{place}.{part}" for place in VGG_CONVS for part in ("weight", "bias")}
    expected |= {
        f"features.{place + 1}.{part}"
        for place in VGG_CONVS
        for part in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    }

    weights = UNetV2(2).state_dict()

    assert {name.removeprefix(ENCODER) for name in weights if name.startswith(ENCODER)} == expected
    assert weights["encoder.features.0.weight"].shape == (64, 3, 3, 3)
    assert weights["encoder.features.40.weight"].shape == (512, 512, 3, 3)


def test_a_bias_before_normalisation_has_no_gradient_anyway() -> None:
    """What is not trained could not be: moving it by one moves no logit in training."""
    network = UNetV2(2, 0.06).double()
    images_nchw = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    before = network(images_nchw)
    frozen = [parameter for parameter in network.parameters() if not parameter.requires_grad]

    with torch.no_grad():
        for parameter in frozen:
            parameter += 1

    assert len(frozen) == 13 + 2 + 4 * 3
    torch.testing.assert_close(network(images_nchw), before)


def test_width_multiplies_the_channels() -> None:
    """A quarter of the channels, never fewer than 4, always a multiple of 4."""
    quarter = UNetV2(2, 0.25).state_dict()

    assert quarter["encoder.features.0.weight"].shape == (16, 3, 3, 3)
    assert quarter["encoder.features.40.weight"].shape == (128, 128, 3, 3)
    assert UNetV2(2, 0.001).state_dict()["encoder.features.40.weight"].shape[0] == 4


def test_a_decoder_stage_projects_what_is_up_sampled() -> None:
    """Up-sampling after the 1 x 1 convolution gives what 2018's up-sampling before it gave."""
    stage = UNetV2(2, 0.06).decoder["scale8"].eval()
    low, skip = torch.randn(1, 64, 2, 3), torch.randn(1, 32, 4, 6)

    as_in_2018 = stage.project(F.interpolate(low, scale_factor=2, mode="nearest"))

    torch.testing.assert_close(stage(low, skip), stage.block(torch.cat([skip, as_in_2018], 1)))
