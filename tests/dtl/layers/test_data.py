"""Pictures come in with their classes renamed or dropped."""

import pytest

from kittiseg.dtl.layers.data import Data
from kittiseg.errors import DataError
from kittiseg.project.shapes import Bitmap
from tests.data.projects import annotation_of, bitmap_of, item_of, item_with_square, polygon, square


def test_renames_and_drops() -> None:
    """Mapped classes get their new name, the others go; order and shapes stay."""
    shape = square(top=0, left=0, side=2)
    item = item_of(annotation_of([("car", shape), ("sky", shape), ("bus", shape)]))

    taken = Data(classes_mapping={"car": "vehicle", "bus": "vehicle", "__other__": "__ignore__"}).take(item)

    assert [figure.class_name for figure in taken.annotation.figures] == ["vehicle", "vehicle"]


def test_default_keeps_all_classes() -> None:
    item = item_with_square(class_name="car")

    assert Data(classes_mapping="default").take(item).annotation == item.annotation


def test_a_picture_without_figures_stays() -> None:
    taken = Data(classes_mapping={"__other__": "__ignore__"}).take(item_with_square())

    assert taken.annotation.figures == ()


def test_default_data_set_is_project_and_data_set() -> None:
    assert Data(classes_mapping="default").take(item_with_square()).dataset == "source__training"


def test_clips_figures_to_the_picture() -> None:
    """Bitmaps lose what lies outside and their empty margins, or everything; polygons are left alone."""
    corner = polygon((-3, -3), (2, 0), (0, 2))
    figures = [
        ("car", bitmap_of("#.", ".#", top=-1, left=-1)),
        ("house", corner),
        ("bus", square(top=90, left=0, side=2)),
    ]

    taken = Data(classes_mapping="default").take(item_of(annotation_of(figures)))

    assert [figure.shape for figure in taken.annotation.figures] == [bitmap_of("#"), corner]


def test_never_decodes_what_it_drops() -> None:
    """A damaged bitmap of a dropped class does no harm; of a kept class, it is an error."""
    whole = square(top=0, left=0, side=2).to_json()["bitmap"]["data"]
    damaged = Bitmap(top=0, left=0, text=whole[:-12])
    item = item_of(annotation_of({"sky": damaged}))

    assert Data(classes_mapping={"sky": "__ignore__"}).take(item).annotation.figures == ()
    with pytest.raises(DataError):
        Data(classes_mapping="default").take(item)
