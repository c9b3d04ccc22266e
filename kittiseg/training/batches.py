"""Which pictures a training step sees: a function of (seed, step) alone, so that any worker, at any time, can tell."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """``samples`` pictures, seen ``epochs`` times in batches of ``shards`` parts with ``per_shard`` pictures each.

    A shard is what one device computes at once. Worker r of w computes the shards r, r + w, ...; the result is the same
    up to rounding for any w. The last batch of an epoch may be smaller; its pictures are spread evenly over the shards.
    """

    samples: int
    epochs: int
    shards: int
    per_shard: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.samples // self._batch)

    @property
    def steps(self) -> int:
        return self.epochs * self.steps_per_epoch

    def seen_after(self, step: int) -> int:
        """Pictures seen when ``step`` steps are done, counted again in each epoch."""
        epoch, done = divmod(step, self.steps_per_epoch)
        return epoch * self.samples + min(done * self._batch, self.samples)

    def shards_at(self, step: int) -> list[np.ndarray]:
        """Indices of the pictures in each shard of the batch at ``step`` (from 0). Shard 0 is never empty."""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = epoch_order(self.seed, epoch, self.samples)
        return np.array_split(order[place * self._batch : (place + 1) * self._batch], self.shards)

    @property
    def _batch(self) -> int:
        return self.shards * self.per_shard


@lru_cache(maxsize=2)
def epoch_order(seed: int, epoch: int, samples: int) -> np.ndarray:
    """A permutation of 0..samples-1 that follows from seed and epoch alone."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, epoch)))).permutation(samples)


def shard_seed(seed: int, step: int, shard: int) -> int:
    """What a network's own randomness (dropout) starts from, wherever and in whichever order shards are computed."""
    return int(np.random.SeedSequence((seed, step, shard)).generate_state(1, np.uint64)[0] >> np.uint64(1))
