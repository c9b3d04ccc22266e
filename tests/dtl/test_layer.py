"""Draws are addressed by name."""

import pytest

from kittiseg.dtl.layer import rng_for


def test_same_address_same_draw() -> None:
    """Whatever was drawn before."""
    first = rng_for(3, "project", "a.png").random()
    rng_for(3, "project", "b.png").random()

    assert rng_for(3, "project", "a.png").random() == first


@pytest.mark.parametrize("other", [(4, "ab", "c"), (3, "ab", "d"), (3, "a", "bc"), (3, "abc"), (3, "ab", "c", "")])
def test_another_address_another_draw(other: tuple[int | str, ...]) -> None:
    """Also where the words joined together are the same."""
    seed, *key = other

    assert rng_for(int(seed), *map(str, key)).random() != rng_for(3, "ab", "c").random()


def test_draws_stay_what_they_are() -> None:
    """A change here changes every project that anybody made with a seed."""
    assert rng_for(0, "kitti", "training", "000000_10.png").integers(0, 1000, 4).tolist() == [58, 65, 375, 360]
