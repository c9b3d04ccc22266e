"""Conditions."""

from typing import Any

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.if_ import CONDITIONS, Condition, If
from kittiseg.errors import ConfigError
from kittiseg.project.item import Item
from kittiseg.project.shapes import Rectangle
from tests.data.programs import draws, no_draw
from tests.data.projects import annotation_of, item_of, polygon, square


def _item() -> Item:
    """8 x 6 px; a car of 4 px, a sign of 6 px, a wall of 8 px with a hole of 1 px; tag day."""
    wall = polygon((0, 0), (4, 0), (4, 2), (0, 2), holes=([(1, 0.5), (2, 0.5), (2, 1.5), (1, 1.5)],))
    figures = [("car", square(top=0, left=0, side=2)), ("sign", Rectangle(0, 0, 3, 2)), ("wall", wall)]
    return item_of(annotation_of(figures, tags=("day",)), name="000007_10.png")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"regex_names": ["^x", "7_1"]}, True),
        ({"regex_names": ["png"]}, False),  # the stem counts, not the suffix
        ({"regex_names": []}, False),
        ({"project_datasets": ["other/*", "source/training"]}, True),
        ({"project_datasets": ["*/training"]}, True),
        ({"project_datasets": ["source/*"]}, True),
        ({"project_datasets": ["source/train"]}, False),
        ({"min_objects_count": 3}, True),
        ({"min_objects_count": 4}, False),
        ({"include_classes": ["bus", "car"]}, True),
        ({"include_classes": ["bus"]}, False),
        ({"tags": ["night", "day"]}, True),
        ({"tags": ["night"]}, False),
        ({"min_height": 6}, True),
        ({"min_height": 7}, False),
        ({"min_width": 8}, True),
        ({"min_width": 9}, False),
        ({"min_area": 48}, True),
        ({"min_area": 49}, False),
        ({"sum_object_area": 18, "classes": ["car", "sign", "wall"]}, True),  # the hole is not taken off
        ({"sum_object_area": 18.5, "classes": ["car", "sign", "wall"]}, False),
        ({"sum_object_area": 5, "classes": ["car"]}, False),
        ({"probability": 1}, True),
        ({"probability": 0}, False),
    ],
    ids=str,
)
def test_conditions_at_their_edges(condition: dict[str, Any], holds: bool) -> None:
    """The first way where it holds, the second where it does not."""
    layer = parse(If, {"condition": condition}, source="test")

    assert layer.choose(_item(), draws() if "probability" in condition else no_draw) == (0 if holds else 1)


def test_every_condition_is_tested() -> None:
    """The table has all that the settings know, but for the words that go with sum_object_area."""
    assert set(CONDITIONS) == set(Condition.__dataclass_fields__) - {"classes"}


def test_probability_is_the_share_of_pictures() -> None:
    """Of 2000 draws at 0.95, 1900 are wanted; 30 is more than three standard deviations."""
    layer = parse(If, {"condition": {"probability": 0.95}}, source="test")

    first = sum(layer.choose(_item(), draws(str(number))) == 0 for number in range(2000))

    assert abs(first - 1900) < 30


@pytest.mark.parametrize("name", CONDITIONS)
def test_only_names_do_without_the_annotation(name: str) -> None:
    value: Any = 1 if name.startswith(("min", "sum", "prob")) else ["a/b"]
    more = {"classes": ["car"]} if name == "sum_object_area" else {}
    layer = parse(If, {"condition": {name: value, **more}}, source="test")

    assert layer.needs_annotation == (name not in ("probability", "regex_names", "project_datasets"))


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ({}, "exactly one condition"),
        ({"probability": 0.5, "min_width": 5}, "exactly one condition of .* not 2"),
        ({"max_width": 5}, "/condition/max_width: unknown key 'max_width'; did you mean 'min_width'"),
        ({"sum_object_area": 5}, "go together"),
        ({"min_width": 5, "classes": ["car"]}, "go together"),
        ({"probability": 1.1}, "/condition/probability"),
        ({"min_width": -1}, "/condition/min_width"),
        ({"regex_names": ["("]}, "'\\(' is no regular expression"),
        ({"regex_names": "a"}, "/condition/regex_names"),
        ({"project_datasets": ["a"]}, "'a' is no data set"),
    ],
    ids=str,
)
def test_refuses_what_is_no_condition(condition: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(If, {"condition": condition}, source="test")
