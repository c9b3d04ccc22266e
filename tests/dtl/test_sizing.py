"""Which size a picture is brought to."""

import pytest

from kittiseg.dtl.sizing import AspectRatio, NewSize
from kittiseg.errors import DataError
from kittiseg.project.geometry import Size, Window
from tests.data.projects import annotation_of, item_of

IMAGE = Size(height=50, width=101)


def _new(width: int, height: int, *, keep: bool = True) -> NewSize:
    return NewSize(width=width, height=height, aspect_ratio=AspectRatio(keep=keep))


def test_one_side_follows_from_the_other() -> None:
    assert _new(30, -1).scaling(IMAGE).target == Size(height=15, width=30)
    assert _new(-1, 20).scaling(IMAGE).target == Size(height=20, width=40)


def test_a_kept_ratio_leaves_black_beside() -> None:
    scaling = _new(50, 50).scaling(IMAGE)

    assert scaling.target == Size(height=50, width=50)
    assert scaling.inner == Window(top=12, left=0, height=25, width=50)


def test_without_ratio_both_sides_are_filled() -> None:
    scaling = _new(50, 50, keep=False).scaling(IMAGE)

    assert scaling.inner == Window.whole(scaling.target)


@pytest.mark.parametrize(
    ("width", "height", "keep", "message"),
    [(0, 5, True, "cannot be 0 px"), (-1, -1, True, "cannot both be -1"), (-1, 5, False, "follows from the aspect")],
)
def test_refuses_sizes_that_are_none(width: int, height: int, keep: bool, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _new(width, height, keep=keep)


def test_names_the_picture_that_would_vanish() -> None:
    item = item_of(annotation_of({}, size=Size(height=1, width=300)))

    with pytest.raises(DataError, match=r"000000_10\.png: the picture of 300 x 1 px would have no pixel left"):
        _new(100, -1).scaling_of(item)


def test_names_the_picture_that_would_be_too_large() -> None:
    """Also where only one side is given, and the other follows."""
    item = item_of(annotation_of({}, size=Size(height=300, width=1)))

    with pytest.raises(DataError, match=r"000000_10\.png: resized to 10000 x 3000000 px"):
        _new(10_000, -1).scaling_of(item)
