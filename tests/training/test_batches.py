import numpy as np
import pytest

from kittiseg.training.batches import BatchPlan, epoch_order, shard_seed


def plan(samples: int = 10, *, epochs: int = 2, shards: int = 2, per_shard: int = 2, seed: int = 0) -> BatchPlan:
    return BatchPlan(samples=samples, epochs=epochs, shards=shards, per_shard=per_shard, seed=seed)


def test_an_epoch_sees_every_picture_once() -> None:
    """Ten pictures in batches of four: three steps, the last with two."""
    made = plan()

    epoch = [np.concatenate(made.shards_at(step)) for step in range(made.steps_per_epoch)]

    assert [len(batch) for batch in epoch] == [4, 4, 2]
    assert sorted(np.concatenate(epoch)) == list(range(10))
    assert made.steps == 6


def test_a_last_batch_is_spread_over_the_shards() -> None:
    """Two pictures for three shards: the first two have one each."""
    made = plan(8, shards=3)

    assert [len(shard) for shard in made.shards_at(0)] == [2, 2, 2]
    assert [len(shard) for shard in made.shards_at(1)] == [1, 1, 0]


def test_the_order_follows_from_seed_and_epoch_alone() -> None:
    """Asked again, in any order, it is the same; another epoch or seed has another."""
    first = epoch_order(1, 0, 50).tolist()
    epoch_order(2, 0, 50), epoch_order(3, 0, 50)

    assert epoch_order(1, 0, 50).tolist() == first
    assert epoch_order(1, 1, 50).tolist() != first
    assert epoch_order(0, 1, 50).tolist() != first


@pytest.mark.parametrize(("step", "seen"), [(0, 0), (1, 4), (2, 8), (3, 10), (4, 14), (6, 20)])
def test_pictures_are_counted_across_epochs(step: int, seen: int) -> None:
    """A short last batch counts what it has."""
    assert plan().seen_after(step) == seen


def test_shards_have_random_numbers_of_their_own() -> None:
    """Neither the seed, the step nor the shard can be swapped for another."""
    assert len({shard_seed(*key) for key in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)]}) == 5
    assert shard_seed(0, 5, 2) == shard_seed(0, 5, 2)
