"""Exact shares."""

import pickle
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from kittiseg.config import parse
from kittiseg.dtl import Program, bare_item, explain
from kittiseg.dtl.layer import Transform
from kittiseg.dtl.layers.split import Grouping, Split, group_of
from kittiseg.errors import ConfigError, DataError
from kittiseg.project.annotation import Tag
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta, TagClass
from tests.data.programs import META, draws, only, program
from tests.data.projects import annotation_of, item_of, item_with_square, square

HALVES = {"shares": {"train": 0.5, "val": 0.5}}


def items(count: int, *, name: str = "{:03d}.png") -> list[Item]:
    return [item_with_square(name=name.format(number)) for number in range(count)]


def split(**fields: Any) -> Split:
    return parse(Split, {**HALVES, **fields}, source="a test")


def decided(layer: Split, found: list[Item], *, seed: int = 0) -> Transform:
    return layer.decide({item.key: layer.note(item) for item in found}, draws(seed=seed))


def tags_of(layer: Transform, found: list[Item]) -> list[str]:
    """The one tag of each picture."""
    made = (only(layer.apply(item, draws())) for item in found)
    return [only(iter(item.annotation.tags)).name for item in made]  # type: ignore[arg-type]


def run(made: Program, found: list[Item]) -> Program:
    """The program after its surveys of these pictures."""
    while made.undecided:
        notes: dict[int, dict[ItemKey, Any]] = {}
        for item in found:
            for layer, note in made.survey(item).items():
                notes.setdefault(layer, {})[item.key] = note
        made = made.decide(notes)
    return made


def test_each_tag_gets_its_share() -> None:
    """36 pictures at 0.95 and 0.05."""
    layer = split(shares={"train": 0.95, "val": 0.05})

    assert Counter(tags_of(decided(layer, items(36)), items(36))) == {"train": 34, "val": 2}


def test_seed_and_names_decide() -> None:
    """The order of the pictures does not; a pickled layer does the same."""
    found = items(20)
    first = decided(split(), found)

    assert tags_of(decided(split(), found[::-1]), found) == tags_of(first, found)
    assert tags_of(pickle.loads(pickle.dumps(first)), found) == tags_of(first, found)
    assert tags_of(decided(split(), found, seed=1), found) != tags_of(first, found)


def test_pictures_of_a_group_stay_together() -> None:
    """Six drives of five frames."""
    found = [item for drive in "abcdef" for item in items(5, name=f"2011_{drive}_{{}}.png")]
    layer = decided(split(group={"regex": "^2011_(.)"}), found)

    tags = tags_of(layer, found)

    assert all(len(set(tags[start : start + 5])) == 1 for start in range(0, 30, 5))
    assert Counter(tags) == {"train": 15, "val": 15}


@pytest.mark.parametrize(
    ("grouping", "group"),
    [
        ({"regex": r"(\d+)_10"}, ":7"),
        ({"regex": r"\d_1"}, ":7_1"),
        ({"regex": "png"}, "source/training/7_10.png"),  # the stem counts
        ({"regex": "7(x)?"}, "source/training/7_10.png"),  # a group that took no part
        ({"field": "dataset"}, ":source/training"),
        ({"field": "project"}, ":source"),
        ({"field": "drive"}, ":3"),
        ({"field": "day"}, "source/training/7_10.png"),  # a tag without value
        ({"field": "night"}, "source/training/7_10.png"),
    ],
)
def test_groups(grouping: dict[str, str], group: str) -> None:
    item = item_with_square(name="7_10.png")
    item = replace(item, annotation=replace(item.annotation, tags=(Tag("day"), Tag("drive", 3))))

    assert group_of(item, parse(Grouping, grouping, source="a test")) == group


def test_classes_are_spread() -> None:
    """A class that two of twelve pictures have is in both halves."""
    rare = [item_with_square(name=f"r{number}.png", class_name="bus") for number in range(2)]
    found = [*rare, *items(10)]

    for seed in range(8):
        layer = decided(split(stratify=True), found, seed=seed)
        assert set(tags_of(layer, rare)) == {"train", "val"}
        assert Counter(tags_of(layer, found)) == {"train": 6, "val": 6}


def test_a_picture_bears_one_of_the_tags() -> None:
    """What it had of them before goes; other tags stay, and the picture says which it got."""
    item = item_of(annotation_of({"car": square(top=0, left=0, side=2)}, tags=("val", "day")))
    layer = decided(split(shares={"train": 1, "val": 0}), [item])

    made = only(layer.apply(item, draws()))

    assert [tag.name for tag in made.annotation.tags] == ["day", "train"]
    assert made.did == {"tag": "train"}
    assert item.annotation.tag_names == {"val", "day"}


def test_too_few_groups_are_an_error_with_the_numbers() -> None:
    """Told with the layer's place, by the program."""
    found = items(4)
    one = program(("split", "$in", "$s", {**HALVES, "group": {"field": "project"}}), save="$s")

    with pytest.raises(
        DataError, match=r"layer /1 \(split\): 4 picture.* in 1 group.* fill 2 shares \(train 0.5, val 0.5"
    ):
        run(one, found)
    with pytest.raises(DataError, match=r"^1 picture\(s\) cannot fill 2 shares"):
        decided(split(), found[:1])
    assert decided(split(), []).decided == "train 0, val 0"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"shares": {"train": 0.9, "val": 0.05}}, "the shares add up to 0.95; make them 1"),
        ({"shares": {}}, "/shares"),
        ({"shares": {"train": 1.5, "val": -0.5}}, "/shares/train"),
        ({"group": {}}, "/group: give either 'regex' or 'field', and not both"),
        (
            {
                "group": {
                    "regex": "(",
                }
            },
            "/group: '\\(' is no regular expression",
        ),
    ],
)
def test_settings_that_make_no_sense_are_errors(fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        split(**fields)


def test_tags_are_declared() -> None:
    """A tag to group by must be there, and one with values cannot be given without."""
    meta = ProjectMeta(META.classes, (*META.tags, TagClass("val", "any_string")))

    assert [tag.name for tag in split().declare(META).tags] == ["day", "train", "val"]
    with pytest.raises(ConfigError) as caught:
        split(group={"field": "dya"}).declare(meta)
    assert [problem.pointer for problem in caught.value.problems] == ["/shares", "/group/field"]
    assert "did you mean 'day'" in caught.value.problems[1].message


def test_all_that_is_made_of_a_picture_bears_one_tag() -> None:
    """By whichever way it gets to the layer, and with the draws of any epoch."""
    found = items(10)
    made = run(
        program(
            ("flip", "$in", "$f", {"axis": "vertical"}),
            ("multiply", ["$in", "$f"], "$m", {"multiply": 2}),
            ("split", "$m", "$s", HALVES),
            save="$s",
        ),
        found,
    )

    tags = [{name for output in made(item) for name in output.annotation.tag_names} for item in found]
    later = [
        {name for output in replace(made, epoch=3)(item) for name in output.annotation.tag_names} for item in found
    ]

    assert Counter(tag for one in tags for tag in one) == {"train": 5, "val": 5}
    assert later == tags


def test_a_split_behind_a_split_knows_what_gets_there() -> None:
    """A quarter of the training half."""
    found = items(16)
    made = run(
        program(
            ("split", "$in", "$s", HALVES),
            ("if", "$s", ["$t", "$v"], {"condition": {"tags": ["train"]}}),
            ("split", "$t", "$u", {"shares": {"unseen": 0.25, "seen": 0.75}}),
            save=["$u", "$v"],
        ),
        found,
    )

    tags = Counter(tuple(sorted(made(item)[0].annotation.tag_names)) for item in found)

    assert tags == {("train", "unseen"): 2, ("seen", "train"): 6, ("val",): 8}
    assert [made.surveys[index].pictures for index in (1, 3)] == [16, 8]


def test_a_picture_that_the_survey_did_not_meet_is_drawn_for_itself() -> None:
    """Always the same, with its group where that is known; both tags occur."""
    found = items(6, name="a_{}.png")
    layer = decided(split(), found)
    others = items(40, name="b_{}.png")

    tags = tags_of(layer, others)

    assert tags == tags_of(layer, others)
    assert set(tags) == {"train", "val"}
    grouped = decided(split(shares={"train": 1}, group={"regex": "^."}), found)
    assert tags_of(grouped, items(9, name="a_9{}.png")) == ["train"] * 9


@pytest.mark.parametrize(
    ("fields", "annotations"),
    [
        ({}, False),
        ({"group": {"regex": "^."}}, False),
        ({"group": {"field": "dataset"}}, False),
        ({"group": {"field": "day"}}, True),
        ({"stratify": True}, True),
    ],
)
def test_the_plan_tells_of_the_pass(fields: dict[str, Any], annotations: bool) -> None:
    """Names are enough unless classes or tags are asked for; and what came of it."""
    found = items(8)
    undecided = program(("split", "$in", "$s", {**HALVES, **fields}), save="$s")
    if "dataset" in str(fields):
        found = [replace(item, key=replace(item.key, dataset=f"d{number}")) for number, item in enumerate(found)]

    assert undecided.survey_needs_annotation == annotations
    made = run(undecided, found) if "^." not in str(fields) else run(undecided, [*found, *items(2, name="x{}.png")])
    plan = explain(made, [item.key for item in found], load=lambda key: found[0])

    what = "annotations" if annotations else "names"
    assert plan.layers[1].survey.startswith(f"a pass over all {what} comes first; ")
    assert "train " in plan.layers[1].survey
    assert plan.layers[0].survey == ""


def test_what_lies_beside_the_way_is_not_surveyed() -> None:
    """A condition that reads annotations counts only where the split is behind it."""
    wide = {"condition": {"min_width": 5}}
    beside = program(("if", "$in", ["$w", "$x"], wide), ("split", "$in", "$s", HALVES), save=["$s", "$w"])
    before = program(("if", "$in", ["$w", "$x"], wide), ("split", "$w", "$s", HALVES), save=["$s", "$x"])

    assert not beside.survey_needs_annotation
    assert before.survey_needs_annotation
    assert list(beside.survey(bare_item(ItemKey("source", "training", "a.png")))) == [2]
