import numpy as np
import pytest

from kittiseg.project.geometry import Size, Window
from kittiseg.report.overlay import annotated, draw_windows, fit, overlay, picture_grid
from tests.data.projects import annotation_of, bitmap_of, square


def grey(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 100, np.uint8)


def changed(before_hwc: np.ndarray, after_hwc: np.ndarray) -> np.ndarray:
    return (before_hwc != after_hwc).any(axis=2)


def test_overlay_changes_labelled_pixels_only_and_not_its_input():
    """Label 1 has a colour, label 2 has none; the soft edge of the line reaches one pixel further."""
    image_hwc = grey(20, 20)
    labels_hw = np.zeros((20, 20), np.uint8)
    labels_hw[4:12, 4:12], labels_hw[14:18, 14:18] = 1, 2

    drawn_hwc = overlay(image_hwc, labels_hw, {1: (255, 0, 0)})

    drawn_hw = changed(image_hwc, drawn_hwc)
    assert drawn_hw[4:12, 4:12].all()
    drawn_hw[3:13, 3:13] = False
    assert not drawn_hw.any()
    assert (image_hwc == 100).all()


def test_the_line_round_a_label_is_lighter_than_its_fill():
    """What is soft inside is crisp at the edge."""
    labels_hw = np.zeros((20, 20), np.uint8)
    labels_hw[4:12, 4:12] = 1

    drawn_hwc = overlay(grey(20, 20), labels_hw, {1: (0, 0, 90)})

    assert drawn_hwc[4, 8].sum() > drawn_hwc[8, 8].sum() + 100


def test_labels_of_another_size_are_brought_to_the_picture():
    """A label map at half the size covers the same part."""
    labels_hw = np.zeros((10, 10), np.uint8)
    labels_hw[2:6, 2:6] = 1

    drawn_hwc = overlay(grey(20, 20), labels_hw, {1: (255, 0, 0)})

    drawn_hw = changed(grey(20, 20), drawn_hwc)
    assert drawn_hw[4:12, 4:12].all()
    assert (np.argwhere(drawn_hw).min(), np.argwhere(drawn_hw).max()) == (3, 12)


def test_two_figures_of_a_class_that_touch_have_a_line_between_them():
    """Objects stay apart, although their colour is one."""
    figures = [("car", square(top=4, left=4, side=6)), ("car", square(top=4, left=10, side=6))]
    annotation = annotation_of(figures, size=Size(height=20, width=20))

    drawn_hwc = annotated(grey(20, 20), annotation, {"car": (0, 0, 142)})

    assert drawn_hwc[7, 9].sum() > drawn_hwc[7, 7].sum() + 100


def test_figures_of_classes_without_a_colour_are_left_out():
    """What has no colour is not drawn."""
    annotation = annotation_of({"road": bitmap_of("##", "##")}, size=Size(height=20, width=20))

    assert np.array_equal(annotated(grey(20, 20), annotation, {"car": (0, 0, 142)}), grey(20, 20))


def test_windows_are_drawn_where_they_lie_on_a_smaller_copy():
    """A picture shown at half its size has its windows at half their places."""
    window = Window(top=0, left=20, height=40, width=40)

    drawn_hwc = draw_windows(grey(20, 40), [window], image=Size(height=40, width=80))

    assert (drawn_hwc[10, 10] == 255).all()
    assert (drawn_hwc[10, 29] == 255).all()
    assert (drawn_hwc[10, 2] == 75).all()


def test_fit_keeps_the_aspect_and_never_enlarges():
    """The narrower side of the box decides."""
    assert fit(grey(100, 400), Size(height=90, width=200)).shape == (50, 200, 3)
    assert fit(grey(10, 40), Size(height=90, width=200)).shape == (10, 40, 3)


def test_grid_has_its_pictures_in_columns_below_their_captions():
    """Two rows of three: the first row's middle picture stands in the middle."""
    red_hwc = np.zeros((30, 60, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    rows = [[grey(30, 60), red_hwc, grey(30, 60)], [grey(30, 60)] * 3]

    grid_hwc = picture_grid(rows, ["picture", "truth", "prediction"], width=600)

    places = np.argwhere((grid_hwc == [255, 0, 0]).all(axis=2))
    assert abs(places[:, 1].mean() - grid_hwc.shape[1] / 2) < 1
    above_hwc = grid_hwc[: places[:, 0].min()]
    assert (above_hwc < 128).any(), "the captions are written"


def test_grid_refuses_a_row_that_has_not_a_picture_for_each_caption():
    """A missing picture is the caller's mistake."""
    with pytest.raises(ValueError, match="every row needs 2 pictures"):
        picture_grid([[grey(4, 4)]], ["picture", "truth"])
