"""Classes in other colours."""

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.color_class import ColorClass
from kittiseg.errors import ConfigError
from tests.data.programs import META, no_draw, only
from tests.data.projects import annotation_of, item_of, one_of_each


def test_colours_change_in_the_meta_alone() -> None:
    """In place, written in small letters."""
    layer = ColorClass(classes_color_mapping={"bus": "#00A0FF"})
    item = item_of(annotation_of(one_of_each()))

    meta = layer.declare(META)

    assert list(meta.shapes.items()) == list(META.shapes.items())
    assert meta.colors == {**META.colors, "bus": (0, 160, 255)}
    assert only(layer.apply(item, no_draw)) is item


def test_every_class_that_does_not_come_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        ColorClass(classes_color_mapping={"cat": "#000000", "skyy": "#000000"}).declare(META)

    assert [problem.pointer for problem in caught.value.problems] == [
        "/classes_color_mapping/cat",
        "/classes_color_mapping/skyy",
    ]


@pytest.mark.parametrize("color", ["red", "#fff", "00a0ff", "#00a0fg"])
def test_a_colour_has_six_digits(color: str) -> None:
    with pytest.raises(ConfigError, match='write "#rrggbb"'):
        parse(ColorClass, {"classes_color_mapping": {"car": color}}, source="test")
