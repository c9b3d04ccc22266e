from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.config import parse
from kittiseg.errors import ConfigError
from kittiseg.tuning.dimensions import Dimension

SHARES = st.floats(0, 1, exclude_max=True)
ENDS = st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)).map(lambda pair: [pair[0], pair[0] + pair[1]])
RANGES = st.one_of(
    st.builds(lambda ends: {"uniform": ends}, ENDS),
    st.builds(lambda ends, parts: {"uniform": ends, "step": (ends[1] - ends[0]) / parts}, ENDS, st.integers(1, 50)),
    st.builds(lambda low, times: {"loguniform": [low, low * times]}, st.floats(1e-9, 1e3), st.floats(1.01, 1e9)),
    st.builds(
        lambda low, more, step: {"integer": [low, low + more], "step": step},
        st.integers(-1000, 1000),
        st.integers(1, 1000),
        st.sampled_from([1, 1, 2, 7]),
    ),
)


def dimension(**fields: Any) -> Dimension:
    return parse(Dimension, fields, source="a test")


@given(RANGES, SHARES)
def test_every_value_lies_in_its_range(fields: Any, share: float):
    """The ends included."""
    made = dimension(**fields)
    value = made.at(share)

    assert made.least <= value <= made.most
    assert isinstance(value, int) == ("integer" in fields)


@given(RANGES, SHARES, st.booleans())
def test_a_value_near_another_is_one_that_could_be_drawn(fields: Any, share: float, up: bool):
    """In the range, and on a step where there are steps."""
    made = dimension(**fields)
    value = made.near(made.at(share), up=up)

    assert made.least <= value <= made.most
    assert made.count is None or made.value(made.index(value)) == value


def test_steps_begin_at_the_least_and_may_end_before_the_most():
    """And they are written as a person would."""
    assert dimension(uniform=[0, 0.35], step=0.1).values == [0, 0.1, 0.2, 0.3]
    assert dimension(integer=[3, 8], step=2).values == [3, 5, 7]
    assert dimension(integer=[3, 5]).ends == (3, 5)


def test_each_choice_is_as_likely_as_another():
    """Equal parts of the way from 0 to 1."""
    made = dimension(choice=["a", None, {"b": 1}, "c"])

    assert [made.at(share) for share in (0.1, 0.3, 0.6, 0.9)] == ["a", None, {"b": 1}, "c"]
    assert made.ends == ("a", None, {"b": 1}, "c")


def test_a_decade_is_as_likely_as_another():
    """The middle of 1e-4 and 1e-2 is 1e-3."""
    assert dimension(loguniform=[1e-4, 1e-2]).at(0.5) == pytest.approx(1e-3)


def test_near_is_a_fifth_more_or_less_a_step_at_least_or_the_next_choice():
    """Nothing leaves the range."""
    assert dimension(uniform=[0, 100]).near(50.0, up=True) == pytest.approx(60)
    assert dimension(uniform=[0, 55]).near(50.0, up=True) == 55
    assert dimension(integer=[1, 4]).near(2, up=False) == 1
    assert dimension(integer=[0, 100]).near(50, up=False) == 40
    assert dimension(choice=[1, True, "x"]).near(True, up=True) == "x"
    assert dimension(choice=["a", "b"]).near("a", up=False) == "a"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "exactly one of choice, uniform, loguniform, integer, not 0"),
        ({"uniform": [0, 1], "choice": [1]}, "not 2"),
        ({"choice": [1], "step": 1}, "'step' goes with uniform or integer, not with choice"),
        ({"integer": [0, 4], "step": 0.5}, "a whole number, not 0.5"),
        ({"uniform": [1, 1]}, r"the least \(1\) is not below the most \(1\)"),
        ({"loguniform": [0, 1]}, "above 0, not 0"),
        ({"unifrom": [0, 1]}, "did you mean 'uniform'"),
        ({"choice": []}, "/choice: is empty; give at least one"),
    ],
)
def test_what_is_no_dimension_is_refused(fields: dict[str, Any], told: str):
    """In words that say what would be one."""
    with pytest.raises(ConfigError, match=told):
        dimension(**fields)
