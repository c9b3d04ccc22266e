"""Names of what a query makes."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from kittiseg.dtl.naming import Names, clashing_stems, tail_pattern
from kittiseg.project.item import Item, ItemKey
from tests.data.projects import item_with_square

TAIL = tail_pattern(["flip[vh]", r"m\d+", ""])


def _item(*marks: str, dataset: str = "ds", name: str = "a.png") -> Item:
    item = item_with_square(name=name)
    return Item(item.key, item.image, item.annotation, dataset=dataset, marks=marks)


def name_outputs(items: list[Item], stem: str) -> tuple[str, ...]:
    names = Names(stem)
    return tuple(names.of(item) for item in items)


def test_stem_marks_suffix() -> None:
    assert name_outputs([_item("flipv", "m3", name="000000_10.png")], "000000_10") == ("000000_10_flipv_m3.png",)
    assert name_outputs([_item(name="x.JPG")], "x") == ("x.JPG",)


def test_equal_names_are_counted_in_order() -> None:
    """Within a data set, and past names that are taken already."""
    items = [_item("2"), _item(), _item(), _item(dataset="other"), _item()]

    assert name_outputs(items, "a") == ("a_2.png", "a.png", "a_3.png", "a.png", "a_4.png")


def test_tail_is_marks_and_counters_only() -> None:
    assert [bool(TAIL.fullmatch(tail)) for tail in ("_flipv_m3", "_2", "_flipv_2", "_10_m1", "_x", "_m", "", "_")] == [
        True, True, True, True, False, False, False, False,
    ]  # fmt: skip


def test_stems_that_do_not_clash_stay() -> None:
    """KITTI's own names among them, and equal stems of other suffixes."""
    keys = [ItemKey("p", "ds", name) for name in ("000000_10.png", "000001_10.png", "a.png", "a.jpg", "a_b.png")]

    assert clashing_stems(keys, lambda key: [key.dataset], TAIL) == {}


def test_a_number_behind_another_stem_clashes() -> None:
    """000000.png written twice gives 000000_2.png."""
    keys = [ItemKey("p", "ds", name) for name in ("000000.png", "000000_2.png")]

    assert clashing_stems(keys, lambda key: [key.dataset], TAIL) == {keys[1]: "p_ds_000000_2"}


STEMS = st.lists(st.sampled_from(["a", "b", "p", "q", "ds", "m1", "m2", "2", "flipv"]), min_size=1, max_size=5)
KEYS = st.builds(
    lambda project, dataset, words: ItemKey(project, dataset, "_".join(words) + ".png"),
    st.sampled_from(["p", "q"]),
    st.sampled_from(["ds", "a"]),
    STEMS,
)


@given(st.sets(KEYS, max_size=12))
def test_no_two_sources_can_write_one_name(keys: set[ItemKey]) -> None:
    """All going to one data set, no stem is another's, or another's with a tail; the order does not count."""
    instead = clashing_stems(sorted(keys), lambda key: ["one"], TAIL)
    stems = [instead.get(key, key.stem) for key in keys]

    for one, other in itertools.permutations(stems, 2):
        assert one != other
        assert not (one.startswith(other) and re.fullmatch(TAIL, one[len(other) :]))
    assert instead == clashing_stems(sorted(keys, reverse=True), lambda key: ["one"], TAIL)
