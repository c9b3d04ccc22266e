from collections import Counter

import pytest

from kittiseg.errors import DataError
from kittiseg.inference.areas import Areas
from kittiseg.inference.config import WholeSettings, WindowSize
from kittiseg.inference.modes import Sight, make_mode
from kittiseg.inference.skip import Coarse, Sieve
from kittiseg.pipeline.footprints import count_footprints, usual_footprint
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from kittiseg.project.vectors import Rectangle
from tests.data.footprints import mode_of, sized, tutorial
from tests.data.projects import small_project
from tests.data.runs import run_in

LARGE = Size(height=300, width=200)


def test_a_picture_smaller_than_its_window_is_padded_to_it():
    """The network sees more px than there are, and the stitcher holds them."""
    found = sized(Size(height=185, width=370), tutorial())

    assert (found.windows, found.shown, found.decoded) == (1, 370 * 370, 185 * 370)
    assert found.open == 370 * (370 + 370)


@pytest.mark.parametrize(("name", "decoded"), [("a.png", 300 * 200), ("a.TIF", 10 * 200), ("a.tiff", 10 * 200)])
def test_a_large_picture_is_done_in_parts(name: str, decoded: int):
    """30 rows of 20 windows: ten parts of three rows. Of a TIFF file the rows of a window are in memory at once."""
    found = sized(LARGE, mode_of(source="sliding_window", window={"width": 10, "height": 10}), name)

    assert (found.windows, found.parts, found.is_large) == (600, 10, True)
    assert (found.decoded, found.scored) == (decoded, 30 * 200)


def test_a_small_tiff_is_decoded_whole():
    """As every picture that is done in one part."""
    found = sized(Size(height=20, width=20), mode_of(source="full_image"), "a.tif")

    assert (found.is_large, found.decoded, found.scored) == (False, 400, 400)


def test_the_mode_whole_is_seen_larger():
    """Two windows' width, so twice the input."""
    settings = WholeSettings(window=WindowSize(width=20, height=10))
    mode = make_mode(settings, Sight(Size(height=32, width=32), step=16, halo=16))

    found = sized(Size(height=10, width=40), mode)

    assert (found.windows, found.window, found.input_size) == (
        1,
        Size(height=10, width=40),
        Size(height=32, width=64),
    )


TENS = mode_of(source="sliding_window", window={"width": 10, "height": 10})


def test_windows_outside_are_not_counted():
    """Of 3 x 2 windows two touch the rectangle; that is certain."""
    inside = Areas.of_shapes([Rectangle(12, 2, 28, 5)])

    found = sized(Size(height=20, width=30), TENS, sieve=Sieve(inside=inside))

    assert (found.windows, found.shown, found.skipped, found.unsure, found.is_sieved) == (2, 200, 4, 0, True)


def test_a_first_pass_is_counted_and_its_answers_are_not_foreseen():
    """Two windows of 20 x 20 px, which each part has by itself, before the six that they may spare."""
    found = sized(Size(height=20, width=30), TENS, sieve=Sieve(coarse=Coarse(factor=2)))

    assert (found.windows, found.shown, found.unsure, found.skipped, found.glanced) == (8, 800, 6, 0, 2)
    large = sized(LARGE, TENS, "a.tif", sieve=Sieve(coarse=Coarse(factor=2)))
    assert (large.parts, large.glanced, large.windows) == (10, 20, 600 + 10 * 20)
    assert large.decoded == 20 * 200


def test_any_window_may_be_plain():
    """Also those of the first pass."""
    found = sized(Size(height=20, width=30), TENS, sieve=Sieve(plain=True, coarse=Coarse(factor=2)))

    assert (found.windows, found.unsure) == (8, 8)


def test_pictures_are_counted_by_their_annotations(workspace: Workspace):
    """Each has a car and a road, so two boxes; no picture is decoded for it."""
    project = small_project(workspace, count=3)

    (found,) = count_footprints(run_in(workspace), project, mode_of(source="bboxes"))

    assert (found.regions, found.windows, found.parts, found.is_large) == (2, 2, 2, False)


def test_a_picture_that_a_mode_cannot_do_is_named(workspace: Workspace):
    """8 x 6 px without nine on the left."""
    project = small_project(workspace)

    with pytest.raises(DataError, match=r"000000_10\.png: the bounds of the mode leave nothing"):
        count_footprints(run_in(workspace), project, mode_of(source="roi", bounds={"left": "9px"}))


def test_the_usual_picture_is_that_of_the_most_windows():
    """Of whole pictures that of the most pictures; DataError where there is not one window."""
    small, large = (sized(size, mode_of(source="full_image")) for size in (Size(height=10, width=10), LARGE))

    assert usual_footprint({large: 3, small: 5}) == small
    assert usual_footprint({large: 3, small: 3}) == large
    for nothing in (Counter(), {sized(LARGE, mode_of(source="bboxes")): 3}):
        with pytest.raises(DataError, match="no picture has a window"):
            usual_footprint(nothing)
