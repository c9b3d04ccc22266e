import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import pointer
from kittiseg.tuning.pointers import Place

KEYS = st.text(st.sampled_from("ab0~/"), max_size=3)
DOCUMENTS = st.recursive(
    st.integers(0, 9), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


def places(document: Any, steps: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place inside a document but that of the whole."""
    if not isinstance(document, dict | list):
        return []
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    return [way for key, value in inside for way in ((*steps, key), *places(value, (*steps, key)))]


@given(DOCUMENTS, st.data())
def test_what_is_put_is_found_and_nothing_else_has_changed(document: Any, data: st.DataObject):
    """Whatever the keys are, and the old document is as it was."""
    ways = places(document)
    if not ways:
        return
    way, before = data.draw(st.sampled_from(ways)), copy.deepcopy(document)
    place = Place.read("train:" + pointer(*way))

    made = place.put(document, "new")

    assert place.find(made) == "new"
    assert place.put(made, place.find(document)) == document == before


def test_what_is_missing_or_null_on_the_way_is_made():
    """A field that was left out may lie in an object that was left out."""
    assert Place.read("train:/a/b").put({"c": 1}, 2) == {"c": 1, "a": {"b": 2}}
    assert Place.read("train:/a/b").put({"a": None}, 2) == {"a": {"b": 2}}


def test_a_value_that_is_put_is_a_copy():
    """A choice may be a list that is put into many documents."""
    value: list[int] = []
    Place.read("train:/a").put({}, value)["a"].append(1)

    assert value == []


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("/a/2", "no entry '2' in the list; its 2 entries are 0 to 1"),
        ("/a/01", "no entry '01'"),
        ("/a/-", "no entry '-'"),
        ("/b/0", "it is empty"),
        ("/c/d", "nothing inside 5"),
    ],
)
def test_a_way_that_leads_nowhere_is_refused(way: str, told: str):
    """Lists are not made longer, and a number has no inside."""
    document = {"a": [1, 2], "b": [], "c": 5}

    with pytest.raises(ValueError, match=told):
        Place.read(f"train:{way}").put(document, 0)
    with pytest.raises(LookupError, match=told):
        Place.read(f"train:{way}").find(document)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/lr", "does not begin with train: or transform:"),
        ("trian:/lr", "did you mean 'train:'"),
        ("train:lr", "comes a JSON pointer such as /lr"),
        ("train:", "comes a JSON pointer"),
    ],
)
def test_what_is_no_place_is_refused(text: str, told: str):
    """The whole of a document is none either."""
    with pytest.raises(ValueError, match=told):
        Place.read(text)


def test_a_place_is_within_another_by_whole_steps():
    """/lr is not in /lr_decreasing."""
    assert Place.read("train:/a/b").is_within(Place.read("train:/a"))
    assert Place.read("train:/a").is_within(Place.read("train:/a"))
    assert not Place.read("train:/ab").is_within(Place.read("train:/a"))
    assert not Place.read("transform:/a/b").is_within(Place.read("train:/a"))
