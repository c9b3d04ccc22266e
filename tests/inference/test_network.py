"""A torch network as a forward function."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 - after the skip where torch is missing
from torch.nn import functional as F  # noqa: E402

from kittiseg.inference.config import Augmentation  # noqa: E402
from kittiseg.inference.network import (  # noqa: E402
    IMAGENET_MEAN,
    IMAGENET_STD,
    NetworkForward,
    computes_bf16,
    fold_batch_norms,
)
from kittiseg.project.geometry import Size  # noqa: E402
from tests.data.projects import picture  # noqa: E402

INPUT = Size(height=16, width=16)


class Blocks(nn.Module):
    """Convolutions and batch norms in a ModuleList, with a branch, as networks of the field have them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()])
        self.head = nn.Sequential(nn.Conv2d(7, 2, 1), nn.BatchNorm2d(2))

    def forward(self, x_nchw):
        kept = x_nchw
        for layer in self.layers:
            x_nchw = layer(x_nchw)
        return self.head(torch.cat([x_nchw, kept], 1))


def network() -> nn.Module:
    """Seeded weights, and batch norms that have seen pictures."""
    torch.manual_seed(0)
    made = Blocks()
    with torch.no_grad():
        for _ in range(3):
            made(torch.randn(4, 3, 8, 8) * 2 + 1)
    return made


def windows(count: int, size: Size = INPUT) -> np.ndarray:
    return np.stack([picture(size, seed=seed) for seed in range(count)])


def by_hand(module: nn.Module, windows_nhwc: np.ndarray, size: Size) -> np.ndarray:
    """Every step written out in double precision."""
    module = copy.deepcopy(module).eval().double()
    x_nchw = torch.from_numpy(windows_nhwc).permute(0, 3, 1, 2).double()
    x_nchw = F.interpolate(x_nchw, (size.height, size.width), mode="bilinear", align_corners=False) / 255
    mean, deviation = (torch.tensor(values).double()[:, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    with torch.inference_mode():
        probs_nchw = module((x_nchw - mean) / deviation).softmax(1)
    return F.interpolate(probs_nchw, windows_nhwc.shape[1:3], mode="bilinear", align_corners=False).numpy()


@pytest.mark.parametrize("size", [INPUT, Size(height=23, width=9)])
def test_probabilities_are_those_worked_out_by_hand(size: Size):
    """Resize, normalise, network, softmax, resize back; a single window and a batch alike."""
    module, windows_nhwc = network(), windows(3, size)
    forward = NetworkForward(module, input_size=INPUT, precision="fp32")

    probs_nchw = forward(windows_nhwc)

    assert probs_nchw.shape == (3, 2, size.height, size.width)
    assert probs_nchw.dtype == np.float32
    np.testing.assert_allclose(probs_nchw, by_hand(module, windows_nhwc, INPUT), atol=1e-5)
    np.testing.assert_allclose(forward(windows_nhwc[:1]), probs_nchw[:1], atol=1e-6)


def test_a_call_can_name_another_input():
    """Of the network's multiples; its own is what a call without one takes."""
    module, windows_nhwc = network(), windows(2, Size(height=23, width=9))
    module.multiple = 8
    other = Size(height=40, width=8)
    forward = NetworkForward(module, input_size=INPUT, precision="fp32")

    np.testing.assert_allclose(forward(windows_nhwc, other), by_hand(module, windows_nhwc, other), atol=1e-5)
    np.testing.assert_array_equal(forward(windows_nhwc, INPUT), forward(windows_nhwc))
    with pytest.raises(ValueError, match="is 12 x 8 px and the network wants multiples of 8"):
        forward(windows_nhwc, Size(height=8, width=12))


class Pointwise(nn.Module):
    """Logits that follow from each pixel alone, so that a window in a mirror is the same, in a mirror."""

    multiple = 8

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.head = nn.Conv2d(3, 3, 1)

    def forward(self, x_nchw):
        return self.head(x_nchw)


def test_a_network_that_knows_no_direction_gains_nothing_by_mirrors():
    """All four ways are the same there, also for windows that are resized."""
    module, windows_nhwc = Pointwise(), windows(2, Size(height=23, width=9))
    plain, mirrored = (
        NetworkForward(module, input_size=INPUT, precision="fp32", augment=augment)
        for augment in (None, Augmentation(mirror=True, flip=True))
    )

    np.testing.assert_allclose(mirrored(windows_nhwc), plain(windows_nhwc), atol=1e-6)


def test_what_is_averaged_is_the_mean_by_hand():
    """Over a mirror in each direction and both, at each of two sizes, rounded to the network's multiples."""
    module, windows_nhwc = network(), windows(2)
    module.multiple = 8
    augment = Augmentation(mirror=True, flip=True, scales=(1.0, 1.3))

    probs_nchw = NetworkForward(module, input_size=INPUT, precision="fp32", augment=augment)(windows_nhwc)

    views = [
        by_hand(module, windows_nhwc[:, ::down, ::right].copy(), Size(height=side, width=side))[:, :, ::down, ::right]
        for side in (16, 24)
        for down in (1, -1)
        for right in (1, -1)
    ]
    assert augment.views == len(views)
    np.testing.assert_allclose(probs_nchw, np.mean(views, axis=0), atol=1e-5)


@pytest.mark.parametrize(("which", "steps"), [("mirror", np.s_[:, :, ::-1]), ("flip", np.s_[:, ::-1])])
def test_one_mirror_alone_is_the_one_that_is_named(which: str, steps: tuple[slice, ...]):
    """``mirror`` turns left for right, ``flip`` top for bottom."""
    module, windows_nhwc = network(), windows(1)
    plain = NetworkForward(module, input_size=INPUT, precision="fp32")
    other = NetworkForward(module, input_size=INPUT, precision="fp32", augment=Augmentation(**{which: True}))

    turned_nchw = plain(windows_nhwc[steps].copy())[(slice(None), *steps)]

    np.testing.assert_allclose(other(windows_nhwc), (plain(windows_nhwc) + turned_nchw) / 2, atol=1e-6)


def test_the_temperature_divides_the_logits():
    """Of a network whose logits are three times as large it gives the probabilities that were."""
    module = Pointwise()
    louder = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in louder.parameters():
            parameter.mul_(3)

    plain = NetworkForward(module, input_size=INPUT, precision="fp32")(windows(2))
    cooled = NetworkForward(louder, input_size=INPUT, precision="fp32", temperature=3.0)(windows(2))

    np.testing.assert_allclose(cooled, plain, atol=1e-6)


def test_a_batch_that_is_filled_up_gives_what_it_gave():
    """And nothing of the pictures that it was filled up with; a full one is left alone."""
    plain, padded = (NetworkForward(network(), input_size=INPUT, precision="fp32", pad_to=pad_to) for pad_to in (0, 4))

    for count in (1, 3, 4, 5):
        probs_nchw = padded(windows(count))
        assert len(probs_nchw) == count
        np.testing.assert_allclose(probs_nchw, plain(windows(count)), atol=1e-6)


def test_windows_that_come_before_others_are_taken_keep_their_results():
    """Bit for bit those of one call after another."""
    forward = NetworkForward(network(), input_size=INPUT)
    batches = [windows(count, Size(height=23, width=9)) for count in (3, 2, 1)]

    later = [forward.one_by_one(windows_nhwc) for windows_nhwc in batches]

    for probs_nchw, windows_nhwc in zip(later, batches, strict=True):
        np.testing.assert_array_equal(list(probs_nchw), forward(windows_nhwc))


def test_probabilities_sum_to_one():
    """Over the classes, after resizing too."""
    probs_nchw = NetworkForward(network(), input_size=INPUT)(windows(2, Size(height=5, width=31)))

    np.testing.assert_allclose(probs_nchw.sum(axis=1), 1, atol=1e-6)


def test_the_network_handed_in_stays_as_it_was():
    """Training can go on with it: neither its mode nor its weights change."""
    module = network().train()
    before = copy.deepcopy(module.state_dict())

    NetworkForward(module, input_size=INPUT)(windows(1))

    assert module.training
    assert before.keys() == module.state_dict().keys()
    assert all(torch.equal(value, module.state_dict()[name]) for name, value in before.items())


def test_batch_norms_are_folded_away():
    """None is left, and the function is the same."""
    module = network()
    x_nchw = torch.randn(2, 3, 8, 8)

    folded = fold_batch_norms(module)

    assert not any(isinstance(part, nn.BatchNorm2d) for part in folded.modules())
    with torch.inference_mode():
        torch.testing.assert_close(folded(x_nchw), module.eval()(x_nchw))


def test_a_network_that_cannot_be_traced_still_works():
    """A forward that looks at its numbers keeps its batch norms."""

    class Looks(Blocks):
        def forward(self, x_nchw):
            return super().forward(x_nchw if x_nchw.sum() > 0 else -x_nchw)

    torch.manual_seed(0)
    module = Looks()

    folded = fold_batch_norms(module)

    x_nchw = torch.randn(1, 3, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(folded(x_nchw), module.eval()(x_nchw))


def test_bf16_stays_near_fp32():
    """Half the digits, nearly the same probabilities, still as float32."""
    exact, rough = (NetworkForward(network(), input_size=INPUT, precision=name) for name in ("fp32", "bf16"))

    difference = np.abs(exact(windows(2)) - rough(windows(2)))

    assert 0 < difference.max() < 0.05


def test_auto_is_what_the_hardware_computes():
    """The default gives what that precision gives."""
    named = "bf16" if computes_bf16(torch.device("cpu")) else "fp32"

    np.testing.assert_array_equal(
        NetworkForward(network(), input_size=INPUT)(windows(1)),
        NetworkForward(network(), input_size=INPUT, precision=named)(windows(1)),
    )


@pytest.mark.parametrize("augment", [Augmentation(), Augmentation(scales=(2.0,)), Augmentation(mirror=True)])
@pytest.mark.parametrize("size", [INPUT, Size(height=23, width=9)])
def test_scores_one_by_one_can_be_taken_again(size: Size, augment: Augmentation):
    """Bit for bit those of a call, with the shape known before the first."""
    forward = NetworkForward(network(), input_size=INPUT, augment=augment)
    seen = windows(3, size)

    found = forward.one_by_one(seen, Size(height=32, width=16))

    wanted = forward(seen, Size(height=32, width=16))
    assert found.shape == wanted.shape
    for _ in range(2):
        np.testing.assert_array_equal(np.stack(list(found)), wanted)
