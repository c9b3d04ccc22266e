"""The five shapes: cropped, mirrored, drawn, written."""

import pickle

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kittiseg.errors import DataError
from kittiseg.project import bitmap_codec
from kittiseg.project.geometry import Size, Window
from kittiseg.project.shapes import SHAPES, Bitmap, Point, Rectangle, Shape, shape_from_json
from tests.data.projects import bitmap_of, line, one_of_each, polygon

IMAGE = Size(height=9, width=12)
AXES = ["vertical", "horizontal"]
KINDS = list(one_of_each())

windows = st.builds(
    lambda top, left, bottom, right: Window(top=top, left=left, height=bottom - top + 1, width=right - left + 1),
    st.integers(0, 4),
    st.integers(0, 5),
    st.integers(4, 8),
    st.integers(5, 11),
)
bitmaps = st.builds(
    lambda mask_hw, top, left: Bitmap(top=top, left=left, mask_hw=mask_hw),
    arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))),
    st.integers(-6, 9),
    st.integers(-6, 12),
)
rectangles = st.builds(
    lambda left, top, width, height: Rectangle(left, top, left + width, top + height),
    st.integers(-4, 11),
    st.integers(-4, 8),
    st.integers(1, 12),
    st.integers(1, 9),
)


def drawn(*shapes: Shape, size: Size = IMAGE) -> np.ndarray:
    labels_hw = np.zeros((size.height, size.width), np.uint8)
    for shape in shapes:
        shape.draw(labels_hw, 7)
    return labels_hw


@given(bitmaps, windows)
def test_a_bitmap_cropped_then_drawn_is_drawn_then_cropped(bitmap: Bitmap, window: Window):
    """Whatever sticks out of the picture or of the window; what is left has no empty margins."""
    parts = bitmap.crop(window)

    np.testing.assert_array_equal(drawn(*parts, size=window.size), drawn(bitmap)[window.slices])
    for part in parts:
        assert isinstance(part, Bitmap)
        mask_hw = part.mask_hw
        assert mask_hw[0].any()
        assert mask_hw[-1].any()
        assert mask_hw[:, 0].any()
        assert mask_hw[:, -1].any()


@given(rectangles, windows)
def test_a_rectangle_cropped_then_drawn_is_drawn_then_cropped(rectangle: Rectangle, window: Window):
    """For windows that share area with it: a side that lies on the border, and is drawn beyond it, is gone."""
    parts = rectangle.crop(window)

    if parts:
        np.testing.assert_array_equal(drawn(*parts, size=window.size), drawn(rectangle)[window.slices])
    else:
        assert (
            rectangle.right <= window.left
            or rectangle.left >= window.right
            or (rectangle.bottom <= window.top or rectangle.top >= window.bottom)
        )


@given(rectangles, windows)
def test_an_upright_polygon_is_cropped_as_its_rectangle(rectangle: Rectangle, window: Window):
    """Integer corners, horizontal and vertical sides: no pixel is rounded, so both ways agree exactly."""
    left, top, right, bottom = rectangle.left, rectangle.top, rectangle.right, rectangle.bottom
    parts = polygon((left, top), (right, top), (right, bottom), (left, bottom)).crop(window)

    np.testing.assert_array_equal(drawn(*parts, size=window.size), drawn(*rectangle.crop(window), size=window.size))


@given(windows)
def test_a_slanted_polygon_moves_by_rounding_only(window: Window):
    """A cut through a slanted side lies between pixels: drawn pixels differ by at most one step."""
    triangle = polygon((1, 1), (11, 3), (5, 8))

    cropped_hw = drawn(*triangle.crop(window), size=window.size)

    around = np.ones((3, 3), np.uint8)
    assert (cropped_hw <= cv2.dilate(drawn(triangle), around)[window.slices]).all()
    assert (cv2.erode(drawn(triangle), around)[window.slices] <= cropped_hw).all()


@pytest.mark.parametrize("axis", AXES)
@given(bitmaps)
def test_a_mirrored_bitmap_is_mirrored_pixel_for_pixel(axis: str, bitmap: Bitmap):
    """Vertical reverses the columns of the picture, horizontal its rows."""
    flipped_hw = np.flip(drawn(bitmap), axis=1 if axis == "vertical" else 0)

    np.testing.assert_array_equal(drawn(bitmap.mirror(axis, IMAGE)), flipped_hw)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("kind", KINDS)
def test_mirrored_twice_is_the_same(kind: str, axis: str):
    """A mirror image's mirror image."""
    shape = one_of_each()[kind]

    once = shape.mirror(axis, IMAGE)

    assert once != shape
    assert once.mirror(axis, IMAGE) == shape


def test_vectors_mirror_about_the_middle_of_the_picture():
    """x' = width - x, not width - 1 - x: the convention of the format for vectors."""
    assert Point(0, 2).mirror("vertical", IMAGE) == Point(12, 2)
    assert Rectangle(1, 2, 4, 8).mirror("vertical", IMAGE) == Rectangle(8, 2, 11, 8)
    assert Rectangle(1, 2, 4, 8).mirror("horizontal", IMAGE) == Rectangle(1, 1, 4, 7)
    assert line((0, 0), (5, 3)).mirror("horizontal", IMAGE) == line((0, 9), (5, 6))


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_leave_themselves_as_they_were(kind: str):
    """Nothing that one does with a shape writes to it, nor does what comes out of it share its memory for writing."""
    shape = one_of_each()[kind]
    before = pickle.dumps(shape)

    shape.crop(Window(top=0, left=0, height=3, width=4))
    shape.crop(Window(top=0, left=0, height=9, width=12))[0].draw(np.zeros((9, 12), np.uint8), 1)
    shape.mirror("vertical", IMAGE)
    shape.draw(np.zeros((9, 12), np.uint8), 1)
    _ = shape.area

    assert pickle.dumps(shape) == before


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_can_be_pickled(kind: str):
    """They travel to workers."""
    shape = one_of_each()[kind]

    assert pickle.loads(pickle.dumps(shape)) == shape


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_come_back_from_json(kind: str):
    """What is written reads back equal, under the kind of its class."""
    shape = one_of_each()[kind]

    assert shape.kind == kind
    assert shape_from_json(kind, shape.to_json()) == shape


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_outside_the_window(kind: str):
    """A window beside the shape gets none of it."""
    assert one_of_each()[kind].crop(Window(top=20, left=20, height=5, width=5)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_around_it_only_moves_it(kind: str):
    """Cropped by a window that holds it and back again, it is what it was."""
    shape = one_of_each()[kind]

    [moved] = shape.crop(Window(top=-2, left=-3, height=20, width=20))
    [back] = moved.crop(Window(top=2, left=3, height=20, width=20))

    assert back == shape
    assert moved != shape


@pytest.mark.parametrize("kind", KINDS)
def test_drawing_writes_into_a_part_of_an_array(kind: str):
    """The map may be a view of a larger one; pixels around the view stay."""
    around_hw = np.zeros((13, 16), np.int32)

    one_of_each()[kind].draw(around_hw[2:11, 2:14], 300)

    expected_hw = drawn(one_of_each()[kind]) != 0
    np.testing.assert_array_equal(around_hw[2:11, 2:14] == 300, expected_hw)
    assert np.count_nonzero(around_hw) == np.count_nonzero(expected_hw)


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        (bitmap_of("#.#", ".#."), 3),
        (polygon((0, 0), (4, 0), (4, 3), (0, 3), holes=([(1, 1), (2, 1), (2, 2)],)), 12),  # holes are not taken off
        (Rectangle(0.5, 1, 3, 3), 5),
        (line((0, 0), (9, 9)), 0),
        (Point(1, 1), 0),
    ],
)
def test_areas(shape: Shape, area: float):
    """As the original counts them."""
    assert shape.area == area


def test_a_bitmap_may_be_made_of_any_numbers():
    """A mask of 0 and 1 as uint8 must not be taken for indices of rows."""
    mask_hw = np.array([[0, 1], [1, 0]], np.uint8)

    np.testing.assert_array_equal(
        drawn(Bitmap(top=0, left=0, mask_hw=mask_hw))[:3, :3], [[0, 7, 0], [7, 0, 0], [0, 0, 0]]
    )


def test_a_bitmap_is_decoded_only_when_it_is_looked_at():
    """Its size comes from the header: damage further on is met by who asks for pixels."""
    text = bitmap_codec.encode(np.random.default_rng(0).random((40, 50)) > 0.5)

    bitmap = Bitmap(top=1, left=2, text=text[:120])

    assert bitmap.window == Window(top=1, left=2, height=40, width=50)
    with pytest.raises(DataError, match="cut off"):
        _ = bitmap.mask_hw


def test_a_bitmap_that_nobody_changed_is_written_as_it_was_read():
    """The text goes through untouched, whoever wrote it."""
    document = bitmap_of("##", ".#", top=3, left=4).to_json()

    assert shape_from_json("bitmap", document).to_json() == document


def test_a_bitmap_needs_something():
    """Neither mask nor text is a slip of the caller."""
    with pytest.raises(ValueError, match="needs a mask or its encoded text"):
        Bitmap(top=0, left=0)


def test_trimmed_takes_empty_margins_away():
    """What is left lies where it lay; of nothing, nothing is left."""
    mask_hw = np.zeros((5, 6), bool)
    assert Bitmap.trimmed(mask_hw) is None
    mask_hw[2:4, 3] = True

    found = Bitmap.trimmed(mask_hw, top=10, left=20)

    assert found is not None
    assert found.window == Window(top=12, left=23, height=2, width=1)


def test_holes_are_cut_out_and_keep_their_outline():
    """The outline of a hole belongs to the polygon; two holes that overlap do not fill each other."""
    rim = [(1, 1), (5, 1), (5, 5), (1, 5)]
    other = [(3, 1), (7, 1), (7, 5), (3, 5)]
    labels_hw = drawn(polygon((0, 0), (8, 0), (8, 6), (0, 6), holes=(rim, other)))

    assert labels_hw[2, 2] == 0
    assert labels_hw[2, 4] == 0
    assert labels_hw[1, 1] == labels_hw[5, 7] == 7


def test_drawing_leaves_other_pixels_alone():
    """Inside the hole of a polygon the figures below stay visible."""
    labels_hw = np.full((9, 12), 3, np.uint8)

    polygon((0, 0), (8, 0), (8, 8), (0, 8), holes=([(2, 2), (6, 2), (6, 6), (2, 6)],)).draw(labels_hw, 7)

    assert labels_hw[4, 4] == 3
    assert labels_hw[1, 1] == 7


def test_a_rectangle_is_drawn_with_both_corners_and_halves_up():
    """Rounded as floor(v + 0.5), both corners included."""
    rows, columns = np.nonzero(drawn(Rectangle(0.5, 1.4, 3.5, 2.0)))

    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (1, 2, 1, 4)


@pytest.mark.parametrize("x", [-1, 12, 30])
def test_a_point_outside_draws_nothing(x: float):
    """Numpy would count -1 from the other side."""
    assert not drawn(Point(x, 3)).any()


def test_a_point_on_the_border_belongs_to_both_windows():
    """The borders are closed, so that a point at 0 survives the mirror, which takes it to the width."""
    point = Point(4, 2)

    assert point.crop(Window(top=0, left=0, height=5, width=4)) == [Point(4, 2)]
    assert point.crop(Window(top=0, left=4, height=5, width=4)) == [Point(0, 2)]
    assert point.crop(Window(top=0, left=5, height=5, width=4)) == []


@pytest.mark.parametrize(
    ("kind", "document", "expected"),
    [
        ("rectangle", {"points": {"exterior": [[5, 1], [2, 4]]}}, Rectangle(2, 1, 5, 4)),
        ("rectangle", {"points": {"exterior": [[2, 1], [5, 4], [99, 99]]}}, Rectangle(2, 1, 5, 4)),
        ("point", {"points": {"exterior": [[5, 1], [9, 9]]}}, Point(5, 1)),
        (
            "polygon",
            {
                "points": {"exterior": [[0, 0], [4, 0], [4, 4]], "interior": [[[1, 1], [2, 2]], []]},
                "bitmap": {"np": []},
            },
            polygon((0, 0), (4, 0), (4, 4)),
        ),
        (
            "polygon",
            {"points": {"exterior": [[0, 0], [4, 0], [4, 4], [0, 0]], "interior": [[[1, 1], [2, 1], [1, 1]]]}},
            polygon((0, 0), (4, 0), (4, 4), holes=([(1, 1), (2, 1), (1, 1)],)),
        ),
        (
            "bitmap",
            {"bitmap": {"origin": [], "data": bitmap_of("#").to_json()["bitmap"]["data"]}, "points": {"exterior": []}},
            bitmap_of("#"),
        ),
    ],
)
def test_the_loose_forms_of_2018_are_read(kind: str, document: dict[str, object], expected: Shape):
    """Corners in any order, points too many, holes too small, rings that are closed, an origin left away."""
    assert shape_from_json(kind, document) == expected


@pytest.mark.parametrize(
    ("kind", "document", "message"),
    [
        ("bitmap", {}, "a text 'data'"),
        ("bitmap", {"bitmap": []}, "a text 'data'"),
        ("bitmap", {"bitmap": {"data": "AAAA"}}, "bitmap data"),
        ("bitmap", {"bitmap": {"origin": [1], "data": "AAAA"}}, "not a list of"),
        ("polygon", {"points": {"exterior": [[1, 1], [2, 2]]}}, "a polygon cannot have 2 points"),
        ("rectangle", {"points": {"exterior": [[1, 1]]}}, "a rectangle cannot have 1 points"),
        ("line", {"points": {}}, "a line cannot have 0 points"),
        ("point", {"points": {}}, "a point cannot have 0 points"),
        ("line", {}, "needs lists 'exterior'"),
        ("cuboid", {}, "shape 'cuboid' is not known here; known: bitmap, polygon"),
    ],
)
def test_what_is_no_shape_is_an_error(kind: str, document: dict[str, object], message: str):
    """Each names what is missing."""
    with pytest.raises(DataError, match=message):
        shape_from_json(kind, document)


def test_the_table_lists_every_shape():
    """Under the name that the class itself bears."""
    assert {name: made.kind for name, made in SHAPES.items()} == {name: name for name in KINDS}
