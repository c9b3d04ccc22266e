"""Groups are shared out in exact numbers."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.dtl.sharing import Group, share_out, whole_counts


def singles(*classes: str) -> dict[str, Group]:
    """One picture a group; each word names its classes by letters."""
    return {f"{place:03d}": Group(1, Counter(letters)) for place, letters in enumerate(classes)}


def drawn(groups: dict[str, Group], shares: list[float], seed: int = 0) -> dict[str, int]:
    return share_out(groups, shares, np.random.default_rng(seed))


def sizes(groups: dict[str, Group], places: dict[str, int], shares: list[float]) -> list[int]:
    return [sum(groups[name].size for name in groups if places[name] == place) for place in range(len(shares))]


@pytest.mark.parametrize(
    ("total", "shares", "counts"),
    [
        (40, [0.95, 0.05], [38, 2]),
        (36, [0.95, 0.05], [34, 2]),  # 34.2 and 1.8
        (100, [0.29, 0.71], [29, 71]),  # in floats 0.29 * 100 is 28.999999999999996
        (3, [0.95, 0.05], [2, 1]),  # none stays empty
        (10, [1 / 3, 1 / 3, 1 / 3], [4, 3, 3]),
        (5, [0, 1], [0, 5]),
    ],
)
def test_parts_are_rounded_by_the_largest_remainder(total: int, shares: list[float], counts: list[int]) -> None:
    assert whole_counts(total, shares) == counts


@given(
    weights=st.lists(st.integers(0, 20), min_size=1, max_size=4).filter(any),
    words=st.lists(st.text("abc", max_size=3), min_size=4, max_size=30),
    seed=st.integers(0, 99),
)
def test_single_pictures_meet_the_counts_exactly(weights: list[int], words: list[str], seed: int) -> None:
    """With and without classes."""
    shares = [weight / sum(weights) for weight in weights]
    groups = singles(*words)

    places = drawn(groups, shares, seed)

    assert sizes(groups, places, shares) == whole_counts(len(words), shares)


@given(
    weights=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    found=st.lists(st.integers(1, 9), min_size=4, max_size=12),
    seed=st.integers(0, 99),
)
def test_no_share_stays_empty_where_there_are_groups_enough(weights: list[int], found: list[int], seed: int) -> None:
    """However large the groups are."""
    groups = {str(place): Group(size) for place, size in enumerate(found)}
    shares = [weight / sum(weights) for weight in weights]

    assert all(sizes(groups, drawn(groups, shares, seed), shares))


def test_groups_fill_the_shares_as_they_fit() -> None:
    """60, 30 and ten single pictures at 0.6 and 0.4."""
    groups = {"large": Group(60), "half": Group(30), **{f"{number}": Group(1) for number in range(10)}}

    places = drawn(groups, [0.6, 0.4])

    assert (places["large"], places["half"]) == (0, 1)
    assert sizes(groups, places, [0.6, 0.4]) == [60, 40]


def test_the_draw_decides_and_the_order_does_not() -> None:
    groups = singles(*[""] * 30)
    turned = dict(reversed(groups.items()))

    assert drawn(groups, [0.5, 0.5]) == drawn(turned, [0.5, 0.5])
    assert drawn(groups, [0.5, 0.5]) != drawn(groups, [0.5, 0.5], seed=1)


@pytest.mark.parametrize("seed", range(5))
def test_a_rare_class_is_spread_over_the_shares(seed: int) -> None:
    """Of 40 pictures 4 have b; at 0.75 and 0.25 they are parted 3 to 1, and so are the others."""
    groups = singles(*["ab"] * 4, *["a"] * 16, *[""] * 20)

    places = drawn(groups, [0.75, 0.25], seed)

    for letter, counts in (("b", [3, 1]), ("a", [15, 5])):
        of_class = [name for name in groups if groups[name].classes[letter]]
        assert [sum(places[name] == place for name in of_class) for place in (0, 1)] == counts
    assert sizes(groups, places, [0.75, 0.25]) == [30, 10]


def test_a_class_of_whole_groups_is_spread_too() -> None:
    """Two drives of 10 pictures have b, two do not: each half gets one of either."""
    groups = {f"drive {number}": Group(10, Counter(b=5) if number < 2 else Counter()) for number in range(4)}

    places = drawn(groups, [0.5, 0.5])

    assert places["drive 0"] != places["drive 1"]
    assert places["drive 2"] != places["drive 3"]
