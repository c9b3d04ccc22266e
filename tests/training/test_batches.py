import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiseg.training.batches import BatchPlan, Quota, epoch_order, shard_seed


def plan(samples: int = 10, *, epochs: int = 2, batch: int = 4, shards: int = 2, seed: int = 0) -> BatchPlan:
    return BatchPlan(sizes=(samples,), epochs=epochs, batch=batch, shards=shards, seed=seed)


def test_an_epoch_sees_every_picture_once() -> None:
    """Ten pictures in batches of four: three steps, the last with two."""
    made = plan()

    epoch = [np.concatenate(made.shards_at(step)) for step in range(3)]

    assert [len(batch) for batch in epoch] == [4, 4, 2]
    assert sorted(np.concatenate(epoch)) == list(range(10))
    assert made.steps == 6


def test_a_last_batch_is_spread_over_the_shards() -> None:
    """Two pictures for three shards: the first two have one each."""
    made = plan(8, batch=6, shards=3)

    assert [len(shard) for shard in made.shards_at(0)] == [2, 2, 2]
    assert [len(shard) for shard in made.shards_at(1)] == [1, 1, 0]


def test_a_batch_need_not_have_as_many_pictures_as_its_parts_could_take() -> None:
    """14 pictures in three parts: none has more than one picture more than another."""
    assert [len(shard) for shard in plan(20, batch=14, shards=3).shards_at(0)] == [5, 5, 4]


def test_the_order_follows_from_seed_and_epoch_alone() -> None:
    """Asked again, in any order, it is the same; another epoch or seed has another."""
    first = epoch_order(1, 0, 50).tolist()
    epoch_order(2, 0, 50), epoch_order(3, 0, 50)

    assert epoch_order(1, 0, 50).tolist() == first
    assert epoch_order(1, 1, 50).tolist() != first
    assert epoch_order(0, 1, 50).tolist() != first


@given(
    wanted=st.lists(st.booleans(), min_size=1, max_size=40).filter(any),
    share=st.floats(0.01, 1),
    seed=st.integers(0, 3),
)
def test_a_quota_is_met_with_the_fewest_repeats(wanted: list[bool], share: float, seed: int) -> None:
    """The epoch is as long as ever; wanted pictures come equally often or once more, others at most once."""
    wanted_n = np.array(wanted)
    samples, there = len(wanted), int(wanted_n.sum())

    order = epoch_order(seed, 0, samples, Quota(wanted_n, share))

    times_n = np.bincount(order, minlength=samples)
    assert len(order) == samples
    assert wanted_n[order].sum() == max(there, math.ceil(share * samples - 1e-6))
    assert np.ptp(times_n[wanted_n]) <= 1
    assert times_n[~wanted_n].max(initial=0) <= 1
    assert order.tolist() == epoch_order(seed, 0, samples, Quota(wanted_n.copy(), share)).tolist()


def test_a_quota_that_is_met_anyway_changes_nothing() -> None:
    """Half of the pictures are wanted, and half is asked for."""
    wanted_n = np.arange(10) % 2 == 0

    assert epoch_order(0, 3, 10, Quota(wanted_n, 0.5)).tolist() == epoch_order(0, 3, 10).tolist()


def test_epochs_with_a_quota_differ() -> None:
    """In their order, and in which of the other pictures they have."""
    quota = Quota(np.arange(10) < 2, 0.6)

    first, second = (epoch_order(0, epoch, 10, quota).tolist() for epoch in (0, 1))

    assert first != second
    assert set(first) != set(second)


def test_epochs_may_differ_in_length() -> None:
    """10, 3 and 5 pictures, and then as many as in the last: 3, 1, 2 and 2 steps of up to 4."""
    made = BatchPlan(sizes=(10, 3, 5), epochs=4, batch=4, shards=2, seed=0)

    assert made.steps == 8
    assert [made.place(step) for step in range(9)] == [
        *[(0, 0), (0, 1), (0, 2)],
        (1, 0),
        *[(2, 0), (2, 1)],
        *[(3, 0), (3, 1)],
        (4, 0),
    ]
    assert [made.seen_after(step) for step in range(9)] == [0, 4, 8, 10, 13, 17, 18, 22, 23]
    assert [made.epochs_after(step) for step in (2, 3, 4, 5)] == [0.8, 1, 2, 2.8]
    assert [made.pictures_in(epochs) for epochs in (0.25, 1, 1.5, 2.2, 4)] == [3, 10, 12, 14, 23]
    assert sorted(np.concatenate(made.shards_at(3))) == [0, 1, 2]


@pytest.mark.parametrize(("step", "seen"), [(0, 0), (1, 4), (2, 8), (3, 10), (4, 14), (6, 20)])
def test_pictures_are_counted_across_epochs(step: int, seen: int) -> None:
    """A short last batch counts what it has."""
    assert plan().seen_after(step) == seen


def test_shards_have_random_numbers_of_their_own() -> None:
    """Neither the seed, the step nor the shard can be swapped for another."""
    assert len({shard_seed(*key) for key in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)]}) == 5
    assert shard_seed(0, 5, 2) == shard_seed(0, 5, 2)
