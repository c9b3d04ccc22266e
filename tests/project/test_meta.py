"""meta.json."""

from typing import Any

import pytest

from kittiseg.errors import DataError
from kittiseg.project.meta import ObjectClass, ProjectMeta, TagClass, color_of, palette

CAR = {"title": "car", "shape": "bitmap", "color": "#00008e"}


def test_meta_of_2018_becomes_todays():
    """``tags_images`` and ``tags_objects`` are words, and become one list of tags without doubles."""
    old = {"classes": [CAR], "tags_images": ["day", "rain"], "tags_objects": ["rain", "flat"]}

    meta = ProjectMeta.from_json(old)

    assert meta.classes == (ObjectClass("car", "bitmap", "#00008e"),)
    assert [tag.name for tag in meta.tags] == ["day", "rain", "flat"]
    assert set(meta.to_json()) == {"classes", "tags", "projectType"}


def test_meta_round_trips():
    """Order, colours and keys that we do not know come back."""
    document = {
        "classes": [{**CAR, "id": 3, "hotkey": "c"}, {"title": "a", "shape": "any", "color": "#ffffff"}],
        "tags": [{"name": "side", "value_type": "oneof_string", "color": "#112233", "values": ["l", "r"]}],
        "projectType": "images",
    }

    assert ProjectMeta.from_json(document).to_json() == document


def test_classes_without_a_colour_get_one_that_follows_from_the_name():
    """The same on every machine and in every run."""
    first, second = (
        ProjectMeta.from_json({"classes": [{"title": name, "shape": "bitmap"}]}).classes[0] for name in ("car", "bus")
    )

    assert first.color == color_of("car")
    assert first.color != second.color
    assert len(first.rgb) == 3


def test_colours_are_rgb():
    """``#rrggbb``, upper case or lower."""
    meta = ProjectMeta.from_json({"classes": [{**CAR, "color": "#0A141E"}]})

    assert meta.colors == {"car": (10, 20, 30)}
    assert palette(meta, ["car", "bus"]) == {"car": (10, 20, 30), "bus": palette(meta, ["bus"])["bus"]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "needs a list 'classes'"),
        ({}, "needs a list 'classes'"),
        ({"classes": {"car": 1}}, "needs a list 'classes'"),
        ({"classes": ["car"]}, "needs 'title' and 'shape'"),
        ({"classes": [{"title": "car"}]}, "needs 'title' and 'shape'"),
        ({"classes": [{"title": 3, "shape": "bitmap"}]}, "needs 'title' and 'shape'"),
        ({"classes": [{"title": "car", "shape": ["bitmap"]}]}, "needs 'title' and 'shape'"),
        ({"classes": [CAR, CAR]}, "the class 'car' stands twice"),
        ({"classes": [{**CAR, "color": "red"}]}, "the colour of class 'car' is 'red'; wanted #rrggbb"),
        ({"classes": [{**CAR, "color": "#fff"}]}, "wanted #rrggbb"),
        ({"classes": [], "tags": "day"}, "'tags' in meta.json is a list"),
        ({"classes": [], "tags": [{"value_type": "none"}]}, "a tag in meta.json needs 'name'"),
        ({"classes": [], "tags": [], "tags_images": ["day"]}, "keep one of the two"),
    ],
)
def test_damaged_metas_are_errors(document: Any, message: str):
    """Each says what is missing."""
    with pytest.raises(DataError, match=message):
        ProjectMeta.from_json(document)


def test_null_tags_are_none():
    """Some exporters write null for an empty list."""
    assert ProjectMeta.from_json({"classes": [], "tags": None}) == ProjectMeta()


def test_merge_takes_both_and_the_first_colour():
    """Classes and tags of the other come after ours."""
    one = ProjectMeta((ObjectClass("car", "bitmap", "#000001"),), (TagClass("day"),))
    other = ProjectMeta(
        (ObjectClass("bus", "line", "#000003"), ObjectClass("car", "bitmap", "#000002")),
        (TagClass("day"), TagClass("x")),
    )

    merged = one.merge(other)

    assert [(entry.name, entry.color) for entry in merged.classes] == [("car", "#000001"), ("bus", "#000003")]
    assert [tag.name for tag in merged.tags] == ["day", "x"]


def test_merge_refuses_one_name_with_two_shapes():
    """The error names both."""
    one, other = (ProjectMeta((ObjectClass("car", shape, "#000001"),)) for shape in ("bitmap", "line"))

    with pytest.raises(DataError, match="class 'car' is a bitmap in one place and a line in another"):
        one.merge(other)


def test_with_tag_adds_once():
    """A tag that is there stays as it is."""
    meta = ProjectMeta(tags=(TagClass("day", "any_number"),))

    assert meta.with_tag("day") is meta
    assert [tag.name for tag in meta.with_tag("train").tags] == ["day", "train"]
