"""Conditions."""

import pickle
from typing import Any

import pytest

from kittiseg.config import parse
from kittiseg.dtl import Program
from kittiseg.dtl.layers.if_ import CONDITIONS, Condition, If
from kittiseg.errors import ConfigError
from kittiseg.project.item import Item
from kittiseg.project.shapes import Rectangle
from tests.data.programs import draws, no_draw, program
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
        ({"min_area": -1}, True),  # any whole number, as in 2018
        ({"sum_object_area": 18, "classes": ["car", "sign", "wall"]}, True),  # the hole is not taken off
        ({"sum_object_area": 18.5, "classes": ["car", "sign", "wall"]}, False),
        ({"sum_object_area": 5, "classes": ["car"]}, False),
        ({"name_in_range": ["000007_1", "000008"]}, True),
        ({"name_in_range": ["000007_10", "000007_10"], "frame_step": 1}, True),
        ({"name_in_range": ["000007_2", "9"]}, False),  # letter by letter, as words in a dictionary
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
    """The table has all that the settings know, but for the words that go with another."""
    assert set(CONDITIONS) == set(Condition.__dataclass_fields__) - {"classes", "frame_step"}


def test_probability_is_the_share_of_pictures() -> None:
    """Of 2000 draws at 0.95, 1900 are wanted; 30 is more than three standard deviations."""
    layer = parse(If, {"condition": {"probability": 0.95}}, source="test")

    first = sum(layer.choose(_item(), draws(str(number))) == 0 for number in range(2000))

    assert abs(first - 1900) < 30


@pytest.mark.parametrize("name", CONDITIONS)
def test_only_names_do_without_the_annotation(name: str) -> None:
    value: Any = 1 if name.startswith(("min", "sum", "prob")) else ["a/b", "c/d"]
    more = {"classes": ["car"]} if name == "sum_object_area" else {}
    layer = parse(If, {"condition": {name: value, **more}}, source="test")

    assert layer.needs_annotation == (name not in ("probability", "regex_names", "project_datasets", "name_in_range"))


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ({}, "exactly one condition"),
        ({"probability": 0.5, "min_width": 5}, "exactly one condition of .* not 2"),
        ({"max_width": 5}, "/condition/max_width: unknown key 'max_width'; did you mean 'min_width'"),
        ({"sum_object_area": 5}, "go together"),
        ({"min_width": 5, "classes": ["car"]}, "go together"),
        ({"probability": 1.1}, "/condition/probability"),
        ({"min_objects_count": -1}, "/condition/min_objects_count"),
        ({"min_width": 0.5}, "/condition/min_width"),
        ({"regex_names": ["("]}, "'\\(' is no regular expression"),
        ({"regex_names": "a"}, "/condition/regex_names"),
        ({"name_in_range": ["a"]}, "/condition/name_in_range"),
        ({"name_in_range": ["a", "b"], "frame_step": 0}, "/condition/frame_step"),
        ({"min_width": 5, "frame_step": 2}, "'frame_step' goes with 'name_in_range'"),
        ({"project_datasets": ["a"]}, "'a' is no data set"),
        ({"project_datasets": ["a/*", "a/"]}, "'a/' is no data set"),
    ],
    ids=str,
)
def test_refuses_what_is_no_condition(condition: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse(If, {"condition": condition}, source="test")


def _stepped(*names: str, step: int = 2) -> tuple[Program, list[Item]]:
    """A query that lets every second of a0100 to a0105 through, and its pictures."""
    route = {"condition": {"name_in_range": ["a0100", "a0105"], "frame_step": step}}
    made = program(("if", "$in", ["$yes", "$no"], route), ("flip", "$yes", "$f", {"axis": "vertical"}), save="$f")
    return made, [item_of(annotation_of({}), name=f"{name}.png") for name in names]


def _passed(made: Program, items: list[Item]) -> list[str]:
    """In a worker, which gets the program by pickling."""
    (place,) = made.undecided
    decided = pickle.loads(pickle.dumps(made.decide({place: {item.key: made.survey(item)[place] for item in items}})))
    return sorted(item.key.stem for item in items if decided(item))


def test_every_second_name_in_range() -> None:
    """As the documentation of the original has it; what lies outside is not counted, in whatever order they come."""
    made, items = _stepped("a0105", "a0103", "a0101", "a0102", "a0100", "a0104", "a0099", "b")

    assert _passed(made, items) == ["a0100", "a0102", "a0104"]
    assert _passed(made, items[::-1]) == ["a0100", "a0102", "a0104"]


def test_only_pictures_that_are_there_are_counted() -> None:
    """Not the numbers in their names."""
    assert _passed(*_stepped("a0100", "a0103", "a0105")) == ["a0100", "a0105"]


def test_a_step_of_one_needs_no_survey() -> None:
    made, items = _stepped("a0100", "a0103", "b", step=1)

    assert made.undecided == ()
    assert [bool(made(item)) for item in items] == [True, True, False]


def test_copies_of_a_picture_go_the_same_way() -> None:
    """A frame is a source picture."""
    route = {"condition": {"name_in_range": ["a", "z"], "frame_step": 2}}
    made = program(("multiply", "$in", "$m", {"multiply": 3}), ("if", "$m", ["$yes", "$no"], route), save="$yes")
    items = [item_of(annotation_of({}), name=f"{name}.png") for name in "abc"]
    decided = made.decide({2: {item.key: made.survey(item)[2] for item in items}})

    assert [len(decided(item)) for item in items] == [3, 0, 3]
    assert decided.nodes[2].layer.decided == "2 of 3 to the first"
