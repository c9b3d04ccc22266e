"""Annotations: reading files of 2018 and of today, cropping, mirroring, label maps."""

import json
import pickle
from typing import Any

import numpy as np
import pytest

from kittiseg.errors import DataError
from kittiseg.project.annotation import Annotation, Figure, Tag
from kittiseg.project.geometry import Size, Window
from kittiseg.project.shapes import Point, Rectangle
from tests.data.projects import SMALL, annotation_of, bitmap_of, one_of_each, polygon, square

SHAPES = {kind: kind for kind in one_of_each()}
DATA = bitmap_of("#.", "##").to_json()["bitmap"]["data"]

OF_2018 = {
    "tags": ["day"],
    "description": "image 0",
    "size": {"width": 8, "height": 6},
    "img_hash": "abc=",
    "objects": [
        {
            "classTitle": "bitmap",
            "type": "bitmap",
            "description": "a car",
            "tags": ["flat"],
            "bitmap": {"origin": [3, 1], "data": DATA},
            "points": {"exterior": [], "interior": []},
        },
        {
            "classTitle": "line",
            "type": "polygon",  # the original's lines call themselves so; the class knows better
            "tags": [],
            "bitmap": {"origin": [], "np": []},
            "points": {"exterior": [[0, 0], [4, 4.5]], "interior": []},
        },
    ],
}

OF_TODAY = {
    "tags": [{"name": "day"}],
    "description": "image 0",
    "size": {"width": 8, "height": 6},
    "img_hash": "abc=",
    "objects": [
        {
            "classTitle": "bitmap",
            "geometryType": "bitmap",
            "shape": "bitmap",
            "description": "a car",
            "tags": [{"name": "flat"}],
            "bitmap": {"origin": [3, 1], "data": DATA},
        },
        {
            "classTitle": "line",
            "geometryType": "line",
            "shape": "line",
            "description": "",
            "tags": [],
            "points": {"exterior": [[0, 0], [4, 4.5]], "interior": []},
        },
    ],
}


def test_files_of_2018_and_of_today_read_alike():
    """Tags as words or as objects, ``type`` or ``geometryType``; the class says what shape an object has."""
    assert Annotation.from_json(OF_2018, SHAPES) == Annotation.from_json(OF_TODAY, SHAPES)


def test_todays_layout_is_written():
    """What is read from 2018 is written as today's tools read it; no left-over keys of the old one."""
    written = Annotation.from_json(OF_2018, SHAPES).to_json()

    assert json.loads(json.dumps(written)) == OF_TODAY


def test_keys_that_nobody_knows_survive():
    """Ids, label makers and custom data of the platform pass through, on pictures and on objects."""
    document = json.loads(json.dumps(OF_TODAY))
    document["customBigData"] = {"a": [1]}
    document["objects"][0]["labelerLogin"] = "anna"

    written = Annotation.from_json(document, SHAPES).to_json()

    assert written["customBigData"] == {"a": [1]}
    assert written["objects"][0]["labelerLogin"] == "anna"


def test_missing_lists_are_empty():
    """A file of nothing but a size is an annotation without objects, and null stands for nothing."""
    bare = {"size": {"width": 8, "height": 6}, "objects": None, "tags": None, "description": None}

    assert Annotation.from_json(bare, {}) == Annotation(SMALL)


@pytest.mark.parametrize("value", ["left", 3, 2.5, None])
def test_tags_keep_their_value(value: str | float | None):
    """A word, a number or none; without one there is no key ``value``."""
    document = {"name": "side", **({} if value is None else {"value": value})}

    tag = Tag.from_json(document)

    assert tag == Tag("side", value)
    assert tag.to_json() == document


def test_an_object_of_an_any_class_brings_its_own_shape():
    """Classes of shape ``any`` leave it to the object."""
    document = OF_TODAY["objects"][1]  # type: ignore[index]

    assert Figure.from_json(document, {"line": "any"}).shape.kind == "line"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": None}, "needs 'size' with whole 'height' and 'width'"),
        ({"size": {"height": 3}}, "needs 'size'"),
        ({"size": {"height": 3, "width": 0}}, "needs 'size'"),
        ({"size": {"height": 3, "width": "4"}}, "needs 'size'"),
        ({"size": {"height": 3, "width": 4.5}}, "needs 'size'"),
        ({"size": {"height": 3, "width": True}}, "needs 'size'"),
        ({"objects": {"a": 1}}, "'objects' is a list"),
        ({"objects": ["car"]}, "an object needs 'classTitle': car"),
        ({"objects": [{"classTitle": 3}]}, "an object needs 'classTitle'"),
        ({"objects": [{"classTitle": "bus"}]}, "of class 'bus', which meta.json does not have"),
        ({"objects": [{"classTitle": "polygon", "points": {}}]}, "of class 'polygon': a polygon cannot have 0 points"),
        ({"objects": [{"classTitle": "bitmap", "bitmap": {"data": "AA"}}]}, "of class 'bitmap': bitmap data"),
        ({"objects": [{"classTitle": "point", "tags": "day", "points": {"exterior": [[1, 1]]}}]}, "'tags' is a list"),
        ({"tags": "day"}, "'tags' is a list, not day"),
        ({"tags": [3]}, "a tag is a string or an object with 'name', not 3"),
        ({"tags": [{"name": "day", "value": [1]}]}, "the value of tag 'day'"),
    ],
)
def test_damaged_files_are_errors_that_name_what_is_wrong(change: dict[str, Any], message: str):
    """Never a KeyError, and the class of the object is told."""
    with pytest.raises(DataError, match=message):
        Annotation.from_json({"size": {"height": 6, "width": 8}, **change}, SHAPES)


@pytest.mark.parametrize("document", [None, [], "text", 3])
def test_a_file_of_another_kind_is_an_error(document: object):
    """An annotation is an object."""
    with pytest.raises(DataError, match="an annotation is an object"):
        Annotation.from_json(document, {})


def test_crop_keeps_everything_but_what_left():
    """Tags and descriptions stay, the size is the window's, figures keep class and tags wherever the window falls."""
    car = Figure("car", square(top=1, left=2, side=3), (Tag("red"),), "mine", {"id": 7})
    gone = Figure("sign", Point(7, 5))
    annotation = Annotation(SMALL, (car, gone), (Tag("day"),), "noon", {"img_hash": "x"})

    cropped = annotation.crop(Window(top=2, left=3, height=3, width=3))

    assert cropped == Annotation(
        Size(height=3, width=3),
        (Figure("car", bitmap_of("##", "##"), (Tag("red"),), "mine", {"id": 7}),),
        (Tag("day"),),
        "noon",
        {"img_hash": "x"},
    )


def test_a_figure_that_falls_into_parts_becomes_several():
    """Each part bears the class and the tags of the whole, at its place in painter's order."""
    u = polygon((0, 0), (8, 0), (8, 6), (7, 6), (7, 1), (1, 1), (1, 6), (0, 6))
    annotation = annotation_of([("u", u), ("car", square(top=4, left=0, side=2))])

    cropped = annotation.crop(Window(top=3, left=0, height=3, width=8))

    assert [figure.class_name for figure in cropped.figures] == ["u", "u", "car"]


@pytest.mark.parametrize("axis", ["vertical", "horizontal"])
def test_mirror_turns_the_label_map(axis: str):
    """Vertical is left for right, as in 2018; the size stays."""
    annotation = annotation_of([("a", bitmap_of("##.", ".#.", top=1)), ("b", bitmap_of("#", top=2, left=1))])
    classes = {"a": 1, "b": 2}

    mirrored = annotation.mirror(axis)

    flipped_hw = np.flip(annotation.to_label_map(classes), axis=1 if axis == "vertical" else 0)
    np.testing.assert_array_equal(mirrored.to_label_map(classes), flipped_hw)
    assert mirrored.image == annotation.image


def test_later_figures_cover_earlier_ones():
    """Painter's order; 0 where nothing is, classes that are not asked for left out."""
    annotation = annotation_of(
        [
            ("road", Rectangle(0, 3, 7, 5)),
            ("car", square(top=2, left=1, side=2)),
            ("sky", square(top=0, left=0, side=6)),
        ]
    )

    labels_hw = annotation.to_label_map({"car": 2, "road": 1})

    assert labels_hw.dtype == np.uint8
    assert labels_hw.shape == (6, 8)
    np.testing.assert_array_equal(labels_hw[2:4, :4], [[0, 2, 2, 0], [1, 2, 2, 1]])


def test_rename_renames_drops_and_leaves():
    """A new name, None, or no mention."""
    annotation = annotation_of([("car", Point(1, 1)), ("tree", Point(2, 2)), ("road", Point(3, 3))])

    renamed = annotation.rename({"car": "vehicle", "tree": None})

    assert [figure.class_name for figure in renamed.figures] == ["vehicle", "road"]
    assert [figure.class_name for figure in annotation.figures] == ["car", "tree", "road"]


def test_annotations_can_be_pickled():
    """They travel to workers."""
    annotation = Annotation.from_json(OF_TODAY, SHAPES)

    assert pickle.loads(pickle.dumps(annotation)) == annotation


def test_tag_names_are_a_set():
    """Whatever their values."""
    assert Annotation(SMALL, tags=(Tag("a", 1), Tag("a", 2), Tag("b"))).tag_names == {"a", "b"}
