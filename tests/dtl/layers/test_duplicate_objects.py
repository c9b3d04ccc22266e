"""Objects and their copies."""

from dataclasses import replace

from kittiseg.dtl.layers.duplicate_objects import DuplicateObjects, copies
from kittiseg.project.annotation import Figure, Tag
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, meta_of, square

META = meta_of({"car": "bitmap", "bus": "bitmap", "lane": "line"})


def test_a_copy_stands_behind_each_object() -> None:
    layer = DuplicateObjects(classes_mapping={"car": "copy"})
    first, second = square(top=0, left=0, side=2), square(top=3, left=3, side=1)
    item = item_of(annotation_of([("car", first), ("bus", first), ("car", second)]))

    figures = only(layer.apply(item, no_draw)).annotation.figures

    assert [(figure.class_name, figure.shape) for figure in figures] == [
        ("car", first),
        ("copy", first),
        ("bus", first),
        ("car", second),
        ("copy", second),
    ]


def test_the_new_class_has_shape_and_colour_of_the_old_one() -> None:
    meta = DuplicateObjects(classes_mapping={"lane": "path", "car": "bus"}).declare(META)

    assert meta.shapes == {"car": "bitmap", "bus": "bitmap", "lane": "line", "path": "line"}
    assert meta.colors["path"] == META.colors["lane"]
    assert meta.colors["bus"] == META.colors["bus"]


def test_a_copy_has_all_but_the_class() -> None:
    figure = Figure("car", square(top=0, left=0, side=1), tags=(Tag("red"),), description="mine", extra={"id": 5})

    assert copies(figure, {"car": "copy"}) == [figure, replace(figure, class_name="copy")]


def test_words_of_the_language_make_no_classes() -> None:
    """The original declared classes called __default__ and __ignore__."""
    layer = DuplicateObjects(classes_mapping={"car": "__ignore__", "bus": "__default__"})
    item = item_of(annotation_of({"car": square(top=0, left=0, side=1), "bus": square(top=2, left=0, side=1)}))

    assert [figure.class_name for figure in only(layer.apply(item, no_draw)).annotation.figures] == ["bus"]
    assert list(layer.declare(META).shapes) == ["bus", "lane"]
