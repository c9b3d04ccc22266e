import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from kittiseg.training.losses.boundary import Boundary, distances_on_device, signed_distances
from kittiseg.training.losses.overlap import Dice
from tests.data.label_maps import batch, of, sure


def labels_of(rows: list[list[int]]) -> torch.Tensor:
    return torch.tensor([rows], dtype=torch.uint8)


def test_distances_on_a_line() -> None:
    """0 on the outermost px of the object, one more with each px outwards, one less inwards."""
    labels_nhw = labels_of([[0, 0, 0, 1, 1, 1, 1, 1, 0]])

    assert signed_distances(labels_nhw, 2).tolist() == [[[[3, 2, 1, 0, -1, -2, -1, 0, 1]]]]


def test_a_border_to_neutral_pixels_is_no_outline() -> None:
    """Behind them the object may go on: its depth is measured from the px that are known to be of another class."""
    labels_nhw = labels_of([[0, 255, 1, 1, 255, 255]])

    assert signed_distances(labels_nhw, 2)[0, 0, 0, [0, 2, 3]].tolist() == [2, -1, -2]


@pytest.mark.parametrize("rows", [[[0, 0, 255]], [[1, 1, 255]], [[255, 255, 255]], [[2, 2, 0]]])
def test_without_an_outline_there_is_no_distance(rows: list[list[int]]) -> None:
    """The class is nowhere, or everywhere."""
    assert not signed_distances(labels_of(rows), 3)[:, 0].any()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), height=st.integers(1, 40), width=st.integers(1, 40), share=st.floats(0.01, 0.9))
def test_both_ways_to_reckon_are_exact(seed: int, height: int, width: int, share: float) -> None:
    """Against scipy, on the host by OpenCV and by torch alone."""
    labels_hw = (np.random.default_rng(seed).random((height, width)) < share).astype(np.uint8)
    labels_nhw = torch.from_numpy(labels_hw)[None]
    if not 0 < labels_hw.sum() < labels_hw.size:
        return
    expected_hw = np.where(labels_hw, 1 - distance_transform_edt(labels_hw), distance_transform_edt(1 - labels_hw))

    np.testing.assert_allclose(signed_distances(labels_nhw, 2)[0, 0], expected_hw, rtol=1e-6, atol=1e-6)
    to_object_hw = distances_on_device(labels_nhw.bool())[0]
    np.testing.assert_allclose(to_object_hw, distance_transform_edt(1 - labels_hw), rtol=1e-6)


def test_the_farther_the_wrong_pixels_the_more_they_cost() -> None:
    """One false pixel of 8, at 1 px or at 3 px from the object."""
    labels_nhw = labels_of([[1, 1, 1, 1, 0, 0, 0, 0]])
    near, far = labels_of([[1, 1, 1, 1, 1, 0, 0, 0]]), labels_of([[1, 1, 1, 1, 0, 0, 1, 0]])

    assert of(Boundary(share=1), sure(near), labels_nhw).item() == pytest.approx(1 / 8)
    assert of(Boundary(share=1), sure(far), labels_nhw).item() == pytest.approx(3 / 8)


def test_the_share_is_that_of_the_boundary() -> None:
    """The rest is the Dice of each picture."""
    logits_nchw, labels_nhw, _ = batch(4)
    dice, boundary = (of(loss, logits_nchw, labels_nhw) for loss in (Dice(), Boundary(share=1)))

    torch.testing.assert_close(of(Boundary(share=0.2), logits_nchw, labels_nhw), 0.8 * dice + 0.2 * boundary)


def test_class_weights_weigh_the_boundaries() -> None:
    """Class 1 has a wrong px at a distance of 2, class 2 is right."""
    labels_nhw = labels_of([[1, 0, 0, 2]])
    predicted_nhw = labels_of([[1, 0, 1, 2]])

    found = of(Boundary(share=1), sure(predicted_nhw, 3), labels_nhw, torch.tensor([5.0, 3.0, 1.0]))

    assert found.item() == pytest.approx(3 / 4 * 2 / 4)
