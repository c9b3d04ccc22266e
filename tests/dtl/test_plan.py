"""What a run would give, without running it."""

from dataclasses import replace
from typing import NoReturn

import pytest

from kittiseg.dtl import explain, warn_of_empty
from kittiseg.dtl.plan import add_counts
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.pixels import LazyImage
from tests.data.programs import program
from tests.data.projects import SMALL, item_with_square

KEYS = [ItemKey("source", "training", f"{number}.png") for number in range(40)]
SPLIT = ("if", "$in", ["$t", "$v"], {"condition": {"probability": 0.5}})
HALVES = {"random_part": {side: {"min_percent": 50, "max_percent": 50} for side in ("width", "height")}}


def _never(key: ItemKey) -> NoReturn:
    raise AssertionError(f"{key} need not be read")


def _unread(key: ItemKey) -> Item:
    """An annotated picture whose pixels may not be asked for."""

    def make() -> NoReturn:
        raise AssertionError(f"the pixels of {key} need not be read")

    size = SMALL if int(key.stem) % 2 else replace(SMALL, width=4)
    item = item_with_square(size=size, left=0)
    return replace(item, key=key, image=LazyImage(size, make))


def test_the_plan_has_the_numbers_of_the_run() -> None:
    """The draws of a split are known beforehand, by the names alone."""
    made = program(SPLIT, ("multiply", "$t", "$m", {"multiply": 3}), save=["$m", "$v"])

    plan = explain(made, KEYS, load=_never)

    runs = [made.run(replace(item_with_square(), key=key)) for key in KEYS]
    train = sum(len(run.items) == 3 for run in runs)
    assert 0 < train < 40
    assert [layer.pictures for layer in plan.layers] == [(40,), (train, 40 - train), (3 * train,), (40 + 2 * train,)]
    assert plan.pictures == sum(len(run.items) for run in runs)
    assert plan.datasets == {"source__training": plan.pictures}


def test_layers_in_words() -> None:
    """Pointer, settings, names, classes and tags of each layer."""
    made = program(("tag", "$in", "$t", {"tag": "train", "action": "add"}), save="$t")

    data, tag, _ = explain(made, KEYS, load=_never).layers

    assert (data.pointer, data.action, data.src, data.dst) == ("/0", "data", ("source/*",), ("$in",))
    assert tag.settings == '{"tag": "train", "action": "add"}'
    assert data.classes == ("car", "bus", "sky", "lane")
    assert (data.tags, tag.tags) == (("day",), ("day", "train"))


def test_bytes_follow_the_area() -> None:
    """A quarter of the picture, a quarter of the file."""
    plan = explain(program(("crop", "$in", "$c", HALVES), save="$c"), KEYS[:2], load=_never, size_of=lambda key: 1000)

    assert plan.bytes == 500


def test_conditions_on_annotations_read_them_and_nothing_else() -> None:
    """Every other picture is 4 px wide."""
    made = program(("if", "$in", ["$wide", "null"], {"condition": {"min_width": 8}}), save="$wide")

    plan = explain(made, KEYS, load=_unread)

    assert plan.layers[1].pictures == (20, 20)
    assert plan.pictures == 20


def test_pictures_that_cannot_be_done_are_named() -> None:
    window = {"window": {"width": 8, "height": 6}, "min_overlap": {"x": 0, "y": 0}}
    made = program(("sliding_window", "$in", "$c", window), save="$c")

    plan = explain(made, KEYS[:2], load=_unread)

    assert plan.pictures == 1
    assert len(plan.warnings) == 1
    assert plan.warnings[0].startswith("source/training/0.png: the picture is 4 x 6 px")


def test_an_empty_side_of_a_split_is_told_with_its_remedy() -> None:
    """With two pictures, some seed sends both the same way."""
    made = next(
        found
        for found in (program(SPLIT, save=["$t", "$v"], seed=seed) for seed in range(50))
        if explain(found, KEYS[:2], load=_never).layers[1].pictures == (2, 0)
    )

    (warning,) = explain(made, KEYS[:2], load=_never).warnings

    assert warning.startswith("layer /1 (if, probability 0.5): none of 2 pictures was drawn for '$v'")
    assert "--seed" in warning


@pytest.mark.parametrize("probability", [0, 1])
def test_a_side_that_is_meant_to_be_empty_is_no_warning(probability: float) -> None:
    made = program(("if", "$in", ["$t", "$v"], {"condition": {"probability": probability}}), save=["$t", "$v"])

    assert explain(made, KEYS, load=_never).warnings == ()


def test_a_data_layer_without_pictures_is_a_warning() -> None:
    made = program(save="$in")

    assert warn_of_empty(made, [0] * len(made.ports)) == ["layer /0 (data): no picture came in from source/*"]


def test_counts_add_up() -> None:
    made = program(save="$in")
    run = made.run(item_with_square())

    assert add_counts(add_counts([0, 0], run), run) == [2, 2]
