import numpy as np

from kittiseg.project.geometry import Size
from kittiseg.report.contact_sheet import SheetRow, Sighting, column_width, contact_sheet
from tests.data.projects import annotation_of, square

RED = (200, 30, 30)


def sighting(*sizes: tuple[int, int], count: int | None = None) -> Sighting:
    """Pictures of one colour, (height, width)."""
    pictures = [np.full((height, width, 3), RED, np.uint8) for height, width in sizes]
    return Sighting(pictures, len(sizes) if count is None else count)


def red(sheet_hwc: np.ndarray) -> int:
    return int((sheet_hwc == RED).all(axis=2).sum())


def test_every_picture_that_fits_is_there_whole():
    """Two sources, two layers, four pictures."""
    rows = [
        SheetRow("data", ["from a"], [sighting((20, 30)), sighting((20, 30))]),
        SheetRow("crop", [], [sighting((20, 30), (10, 10)), sighting(count=0)]),
    ]

    sheet_hwc = contact_sheet(rows, ["a.png", "b.png"])

    assert red(sheet_hwc) == 3 * 20 * 30 + 10 * 10


def test_pictures_that_do_not_fit_beside_the_others_are_counted():
    """The first one is always shown; the row is higher by the words below it."""
    width = column_width(2)
    wide = sighting((20, width), (20, width), count=12)

    few = contact_sheet([SheetRow("multiply", [], [sighting((60, width)), sighting((60, width))])], ["a", "b"])
    many_hwc = contact_sheet([SheetRow("multiply", [], [wide, wide])], ["a", "b"])

    assert red(many_hwc) == 2 * 20 * width
    assert few.shape[1] == many_hwc.shape[1]


def test_a_row_is_high_enough_for_its_words():
    """Long settings are cut after some lines."""
    heights = [
        contact_sheet([SheetRow("data", ["a class"] * lines, [sighting((10, 10))])], ["a"]).shape[0]
        for lines in (1, 4, 5, 50)
    ]

    assert heights[0] < heights[1] < heights[2] == heights[3]


def test_a_sighting_is_small_and_drawn_upon():
    """As wide as its column, its objects in the class's colour."""
    found = Sighting()
    image_hwc = np.zeros((600, 2000, 3), np.uint8)
    annotation = annotation_of({"car": square(top=0, left=0, side=300)}, size=Size(height=600, width=2000))

    found.add(image_hwc, annotation, {"car": RED}, width=300)

    assert found.pictures[0].shape == (90, 300, 3)
    assert found.pictures[0][5, 5].any()
    assert not found.pictures[0][80, 200].any()
