"""Tags come and go."""

from dataclasses import replace
from typing import Any

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.tag import TagLayer
from kittiseg.errors import ConfigError, DataError
from kittiseg.project.annotation import Tag
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, meta_of


def test_add_appends_and_declares() -> None:
    item = item_of(annotation_of({}, tags=("day",)))
    layer = TagLayer(tag="train", action="add")

    assert only(layer.apply(item, no_draw)).annotation.tags == (Tag("day"), Tag("train"))
    assert [tag.name for tag in layer.declare(meta_of({}, tags=("day",))).tags] == ["day", "train"]


def test_add_does_not_add_twice() -> None:
    """The original did."""
    item = item_of(annotation_of({}, tags=("day",)))

    assert only(TagLayer(tag="day", action="add").apply(item, no_draw)).annotation.tags == (Tag("day"),)


def test_delete_takes_it_away_wherever_it_stands() -> None:
    """The original took the first only."""
    item = item_of(annotation_of({}, tags=("day", "rain", "day")))

    assert only(TagLayer(tag="day", action="delete").apply(item, no_draw)).annotation.tags == (Tag("rain"),)


def test_delete_takes_it_from_the_meta() -> None:
    """The original forgot to."""
    meta = TagLayer(tag="day", action="delete").declare(meta_of({"car": "bitmap"}, tags=("day", "rain")))

    assert [tag.name for tag in meta.tags] == ["rain"]
    assert list(meta.shapes) == ["car"]


def test_delete_leaves_the_tags_of_objects_declared() -> None:
    """They stay on the objects, and a project must declare what its objects bear."""
    old = ProjectMeta.from_json({"classes": [], "tags_images": ["day", "rain"], "tags_objects": ["day", "flat"]})

    for name in ("day", "flat"):
        assert TagLayer(tag=name, action="delete").declare(old) == old
    assert len(TagLayer(tag="rain", action="delete").declare(old).tags) == 2


def _layer(action: str, name: str, **value: Any) -> TagLayer:
    return parse(TagLayer, {"tag": {"name": name, **value}, "action": action}, source="test")


def _bearing(*tags: Tag) -> Item:
    item = item_of(annotation_of({}))
    return replace(item, annotation=replace(item.annotation, tags=tags))


@pytest.mark.parametrize(("value", "value_type"), [("wet", "any_string"), (3, "any_number"), (0.5, "any_number")])
def test_a_tag_can_have_a_value(value: str | float, value_type: str) -> None:
    layer = _layer("add", "road", value=value)

    assert only(layer.apply(_bearing(Tag("day")), no_draw)).annotation.tags == (Tag("day"), Tag("road", value))
    assert only(layer.apply(_bearing(Tag("road", value)), no_draw)).annotation.tags == (Tag("road", value),)
    (declared,) = layer.declare(meta_of({})).tags
    assert (declared.name, declared.value_type) == ("road", value_type)


def test_a_name_alone_is_as_good_as_a_word() -> None:
    assert _layer("add", "day").wanted == TagLayer(tag="day", action="add").wanted == Tag("day")


@pytest.mark.parametrize("value", [{}, {"value": "dry"}])
def test_another_value_is_an_error_that_names_the_picture(value: dict[str, str]) -> None:
    item = _bearing(Tag("road", "wet"))

    with pytest.raises(DataError, match=f"{item.key}: tag 'road' should say .* but says 'wet' already"):
        only(_layer("add", "road", **value).apply(item, no_draw))


def test_delete_goes_by_the_name() -> None:
    made = only(_layer("delete", "road").apply(_bearing(Tag("road", "wet"), Tag("day")), no_draw))

    assert made.annotation.tags == (Tag("day"),)
    with pytest.raises(ConfigError, match="leave 'value' out"):
        _layer("delete", "road", value="wet")


@pytest.mark.parametrize(
    ("declared", "value", "fits"),
    [
        ({"value_type": "none"}, "wet", False),
        ({"value_type": "any_string"}, "wet", True),
        ({"value_type": "any_string"}, 5, False),
        ({"value_type": "any_string"}, None, False),
        ({"value_type": "any_number"}, 5, True),
        ({"value_type": "oneof_string", "values": ["wet", "dry"]}, "wet", True),
        ({"value_type": "oneof_string", "values": ["wet", "dry"]}, "icy", False),
    ],
)
def test_values_are_of_the_declared_type(declared: dict[str, Any], value: Any, fits: bool) -> None:
    meta = ProjectMeta.from_json({"classes": [], "tags": [{"name": "road", **declared}]})
    layer = _layer("add", "road", value=value)

    if fits:
        assert layer.declare(meta) == meta
    else:
        with pytest.raises(ConfigError, match="/tag: tag 'road' is declared with values of type"):
            layer.declare(meta)
