"""From one picture to the pictures made of it."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from kittiseg.dtl import Program
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.pixels import LazyImage, encode
from tests.data.programs import META, RANDOM_CROP, WHOLE_CROP, program
from tests.data.projects import SMALL, item_with_square, picture


def _augmentation(*, seed: int = 0) -> Program:
    """The tutorial's shape: a split, then picture and mirror image, three random crops of each."""
    return program(
        ("if", "$in", ["$t", "$v"], {"condition": {"probability": 0.5}}),
        ("tag", "$t", "$tagged", {"tag": "train", "action": "add"}),
        ("tag", "$v", "$tagged", {"tag": "val", "action": "add"}),
        ("flip", "$tagged", "$flipped", {"axis": "vertical"}),
        ("multiply", ["$tagged", "$flipped"], "$many", {"multiply": 3}),
        ("crop", "$many", "$crops", RANDOM_CROP),
        save="$crops",
        seed=seed,
    )


def _values(items: list[Item]) -> list[object]:
    return [(item.dataset, item.marks, item.annotation.to_json(), item.image.pixels().tolist()) for item in items]


def test_depth_first_in_the_order_of_the_list() -> None:
    """Flip stands before multiply, so the mirrored pictures come first, as in 2018."""
    made = _augmentation().run(item_with_square(name="a.png"))

    assert list(made.names) == [f"a_{what}.png" for what in ("flipv_m1", "flipv_m2", "flipv_m3", "m1", "m2", "m3")]
    assert [item.marks for item in made.items][3] == ("m1",)


def test_one_layer_of_two_readers_finishes_each_picture_first() -> None:
    """Both readers get a copy before the next copy is made."""
    made = program(
        ("multiply", "$in", "$m", {"multiply": 2}), ("flip", "$m", "$f", {"axis": "vertical"}), save=["$m", "$f"]
    ).run(item_with_square(name="a.png"))

    assert list(made.names) == ["a_m1_flipv.png", "a_m1.png", "a_m2_flipv.png", "a_m2.png"]


def test_same_seed_same_pictures_whatever_the_order() -> None:
    """Nothing remembers the pictures before; a pickled program does the same."""
    names = [f"{number}.png" for number in range(6)]
    alone = {name: _values(_augmentation()(item_with_square(name=name))) for name in names}
    together, copied = _augmentation(), pickle.loads(pickle.dumps(_augmentation()))

    for name in reversed(names):
        assert _values(together(item_with_square(name=name))) == alone[name]
        assert _values(copied(item_with_square(name=name))) == alone[name]


def test_another_seed_other_pictures() -> None:
    item = item_with_square()

    assert _values(_augmentation(seed=1)(item)) != _values(_augmentation(seed=2)(item))


def test_copies_and_mirrors_draw_for_themselves() -> None:
    """Six crops of one large picture: no two windows are alike."""
    size = replace(SMALL, height=200, width=300)
    made = _augmentation()(item_with_square(size=size))

    assert len({item.image.size for item in made}) == 6


def test_two_crops_of_one_stream_draw_for_themselves() -> None:
    """They read the same name, and write the same."""
    size = replace(SMALL, height=200, width=300)
    crop = ("crop", "$in", "$c", RANDOM_CROP)

    first, second = program(crop, crop, save="$c")(item_with_square(size=size))

    assert first.image.size != second.image.size


def test_a_split_is_drawn_before_the_copies() -> None:
    """All pictures made of one source bear the same tag, and both tags occur."""
    split = [
        {tag.name for item in _augmentation()(item_with_square(name=f"{number}.png")) for tag in item.annotation.tags}
        for number in range(20)
    ]

    assert {tuple(tags) for tags in split} == {("train",), ("val",)}


def test_layers_elsewhere_do_not_change_the_draws() -> None:
    """A branch that is added to a query leaves the others as they were."""
    size = replace(SMALL, height=200, width=300)
    crop = ("crop", "$in", "$c", RANDOM_CROP)
    more = ("flip", "$in", "$f", {"axis": "vertical"})

    (alone,) = program(crop, save="$c")(item_with_square(size=size))
    _, beside = program(more, crop, save=["$c", "$f"])(item_with_square(size=size))

    assert alone.image.size == beside.image.size
    assert alone.annotation == beside.annotation


def _counting(item: Item) -> tuple[Item, list[int]]:
    """The item with a picture file, and a list that grows with every reading of it."""
    reads: list[int] = []
    data = encode(picture(item.image.size), ".png")

    def read() -> bytes:
        reads.append(1)
        return data

    return replace(item, image=LazyImage.from_file(item.image.size, read, name="a.png")), reads


def test_a_picture_is_decoded_once_for_all_that_is_made_of_it() -> None:
    """And its crops copy nothing: they lie in the decoded picture."""
    item, reads = _counting(item_with_square(size=replace(SMALL, height=20, width=30)))

    made = _augmentation()(item)
    for output in made:
        output.image.pixels()

    assert len(reads) == 1
    plain = [output for output in made if "flipv" not in output.marks]
    assert len(plain) == len(made) // 2
    assert all(np.shares_memory(output.image.pixels(), item.image.pixels()) for output in plain)


def test_unchanged_pictures_are_never_decoded() -> None:
    """They keep their file, to be copied byte for byte."""
    item, reads = _counting(item_with_square())

    made = program(
        ("dataset", "$in", "$d", {"rule": "save_original"}),
        ("tag", "$d", "$t", {"tag": "train", "action": "add"}),
        ("multiply", "$t", "$m", {"multiply": 2}),
        ("crop", "$m", "$c", WHOLE_CROP),
        save="$c",
    )(item)

    assert reads == []
    assert all(output.image.source is item.image.source for output in made)


def test_data_sets_follow_the_layers() -> None:
    made = program(("dataset", "$in", "$d", {"rule": "save_original"}), save=["$in", "$d"])(item_with_square())

    assert {item.dataset for item in made} == {"source__training", "training"}


def test_null_and_unread_names_throw_pictures_away() -> None:
    route = {"condition": {"regex_names": ["^a"]}}
    made = program(("if", "$in", ["null", "$b"], route), ("dummy", "$in", "$nobody"), save="$b")

    assert made(item_with_square(name="a.png")) == []
    assert len(made(item_with_square(name="b.png"))) == 1


def test_counts_by_port() -> None:
    """How many pictures left each layer by each of its names; what the save layer got."""
    made = _augmentation().run(item_with_square())

    by_layer = {index: 0 for index, _ in _augmentation().ports}
    for (index, _), count in zip(_augmentation().ports, made.counts, strict=True):
        by_layer[index] += count
    assert list(by_layer.values()) == [1, 1, *([1, 0] if made.counts[1] else [0, 1]), 1, 6, 6, 6]


def test_whoever_watches_sees_what_is_counted() -> None:
    """Every picture that leaves a layer, by the way that it takes, in the order of their making."""
    compiled = program(
        ("if", "$in", ["$yes", "null"], {"condition": {"probability": 1}}),
        ("multiply", "$yes", "$many", {"multiply": 2}),
        save="$many",
    )
    seen: list[tuple[int, int]] = []

    walk = compiled.walk(item_with_square(), watch=lambda layer, port, item: seen.append((layer, port)))
    for _ in walk:
        pass

    assert seen == [(0, 0), (1, 0), (2, 0), (3, 0), (2, 0), (3, 0)]
    assert tuple(seen.count(port) for port in compiled.ports) == walk.counts


def test_an_empty_crop_is_a_warning_with_its_place() -> None:
    made = program(("crop", "$in", "$c", {"sides": {"left": "100%"}}), save="$c").run(item_with_square())

    assert made.items == ()
    assert list(made.warnings) == ["source/training/a.png: the crop has no pixels, nothing is written (layer /1, crop)"]


def test_a_data_layer_takes_all_its_data_sets() -> None:
    """The original took the last one only."""
    metas = {"source": META}
    made = program(("data", ["source/one", "source/two"], "$x", {"classes_mapping": "default"}), save="$x", metas=metas)

    assert made.sources == {"source": ("one", "two")}
    for dataset in ("one", "two"):
        item = item_with_square()
        assert len(made(replace(item, key=replace(item.key, dataset=dataset)))) == 1


def test_of_several_data_layers_the_first_that_fits_counts() -> None:
    made = program(
        ("data", "source/one", "$a", {"classes_mapping": {"__other__": "__ignore__"}}),
        ("data", "source/*", "$b", {"classes_mapping": "default"}),
        save=["$a", "$b"],
        metas={"source": META},
    )
    item = item_with_square()
    one, two = (replace(item, key=replace(item.key, dataset=dataset)) for dataset in ("one", "two"))

    assert made.sources == {"source": None}
    assert [len(output.annotation.figures) for output in (*made(one), *made(two))] == [0, 1]


def test_a_picture_that_nobody_reads_is_a_mistake_of_the_caller() -> None:
    stranger = replace(item_with_square(), key=ItemKey("other", "training", "a.png"))

    with pytest.raises(ValueError, match=r"no data layer reads other/training/a\.png"):
        _augmentation()(stranger)


def _both_projects(*layers: tuple[object, ...], save: str) -> Program:
    return program(
        ("data", "one/*", "$in", {"classes_mapping": "default"}),
        ("data", "two/*", "$in", {"classes_mapping": "default"}),
        *layers,
        save=save,
        metas={"one": META, "two": META},
    )


def test_sources_that_clash_get_their_project_before_their_name() -> None:
    """Only where two would be written to one data set under one name."""
    keys = [ItemKey("one", "ds", "a.png"), ItemKey("two", "ds", "a.png"), ItemKey("two", "ds", "b.png")]
    apart = _both_projects(save="$in").with_sources(keys)
    joined = _both_projects(("dataset", "$in", "$d", {"rule": "save_original"}), save="$d").with_sources(keys)

    assert apart.stems == {}
    assert joined.stems == {keys[0]: "one_ds_a", keys[1]: "two_ds_a"}
    item = replace(item_with_square(), key=keys[1])
    assert list(joined.run(item).names) == ["two_ds_a.png"]


def test_a_stem_that_looks_like_anothers_output_is_told_apart() -> None:
    """a.png multiplied gives a_m1.png, which may be a source as well."""
    keys = [ItemKey("source", "training", name) for name in ("a.png", "a_m1.png", "a_x1.png")]
    made = program(("multiply", "$in", "$m", {"multiply": 2}), save=["$m"]).with_sources(keys)

    names = [name for key in keys for name in made.run(replace(item_with_square(), key=key)).names]

    assert made.stems == {keys[1]: "source_training_a_m1"}
    assert len(set(names)) == 6


def test_pixels_and_figures_stay_together_on_every_way() -> None:
    """A white square on black is where its bitmap is, in each of the mirrored and plain random crops."""
    size = replace(SMALL, height=40, width=60)
    image_hwc = np.zeros((size.height, size.width, 3), np.uint8)
    image_hwc[10:20, 15:25] = 255
    item = item_with_square(top=10, left=15, side=10, size=size)

    for output in _augmentation()(replace(item, image=LazyImage.from_array(image_hwc))):
        labels_hw = output.annotation.to_label_map({"car": 1})
        assert np.array_equal(labels_hw == 1, output.image.pixels()[..., 0] == 255)
