"""Which pictures a training step sees: a function of (seed, step) alone, so that any worker, at any time, can tell."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Quota:
    """Pictures of ``wanted_n`` (bool, some are true) make up at least ``share`` of an epoch, in (0, 1]."""

    wanted_n: np.ndarray
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """Pictures that are seen ``epochs`` times in batches of ``batch`` pictures, each cut into ``shards`` parts.

    ``sizes``: the number of pictures in each epoch as far as it is known; the others are taken to be as large as the
    last of these. A shard is what one device computes at once. Worker r of w computes the shards r, r + w, ...; the
    result is the same up to rounding for any w. Pictures are spread evenly over the shards, also those of an epoch's
    last batch, which may be fewer. ``quota`` is that of the epoch whose shards are asked for.
    """

    sizes: tuple[int, ...]
    epochs: int
    batch: int
    shards: int
    seed: int
    quota: Quota | None = None

    @property
    def steps(self) -> int:
        return sum(self._steps_of(epoch) for epoch in range(self.epochs))

    def end_of(self, epoch: int) -> int:
        """Steps that are done when an epoch (from 0) is over."""
        return sum(self._steps_of(each) for each in range(epoch + 1))

    def size_of(self, epoch: int) -> int:
        """Pictures in an epoch (from 0)."""
        return self.sizes[min(epoch, len(self.sizes) - 1)]

    def place(self, step: int) -> tuple[int, int]:
        """The epoch (from 0) that the batch at ``step`` (from 0) belongs to, and which of its batches it is."""
        epoch = 0
        while epoch < len(self.sizes) - 1 and step >= self._steps_of(epoch):
            step -= self._steps_of(epoch)
            epoch += 1
        more, place = divmod(step, self._steps_of(epoch))
        return epoch + more, place

    def seen_after(self, step: int) -> int:
        """Pictures seen when ``step`` steps are done, counted again in each epoch."""
        epoch, done = self.place(step)
        return self.pictures_in(epoch) + self._seen_in(epoch, done)

    def epochs_after(self, step: int) -> float:
        """The same in epochs: 1.5 is half of the second."""
        epoch, done = self.place(step)
        return epoch + self._seen_in(epoch, done) / self.size_of(epoch)

    def pictures_in(self, epochs: float) -> int:
        """So many epochs in pictures, rounded up."""
        whole = int(epochs)
        rest = math.ceil((epochs - whole) * self.size_of(whole) - 1e-6)  # 10 * 0.1 epochs are one, not a bit more
        return sum(map(self.size_of, range(whole))) + max(rest, 0)

    def shards_at(self, step: int) -> list[np.ndarray]:
        """Indices of the pictures in each shard of the batch at ``step`` (from 0). Shard 0 is never empty."""
        epoch, place = self.place(step)
        order = epoch_order(self.seed, epoch, self.size_of(epoch), self.quota)
        return np.array_split(order[place * self.batch : (place + 1) * self.batch], self.shards)

    def _steps_of(self, epoch: int) -> int:
        return -(-self.size_of(epoch) // self.batch)

    def _seen_in(self, epoch: int, batches: int) -> int:
        return min(batches * self.batch, self.size_of(epoch))


@lru_cache(maxsize=2)
def epoch_order(seed: int, epoch: int, samples: int, quota: Quota | None = None) -> np.ndarray:
    """The pictures of an epoch, as many as there are, in an order that follows from the arguments alone.

    Without a quota, and where it is met anyway, a permutation of 0..samples-1. Else wanted pictures come again, each as
    often as any other or once more, in place of some that are not, which are drawn without repetition.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, epoch))))
    least = 0 if quota is None else math.ceil(quota.share * samples - 1e-6)
    if quota is None or np.count_nonzero(quota.wanted_n) >= least:
        return rng.permutation(samples)
    wanted, others = np.flatnonzero(quota.wanted_n), np.flatnonzero(~quota.wanted_n)
    rounds = [rng.permutation(wanted) for _ in range(-(-least // len(wanted)))]
    drawn = [np.concatenate(rounds)[:least], rng.permutation(others)[: samples - least]]
    return rng.permutation(np.concatenate(drawn))


def shard_seed(seed: int, step: int, shard: int) -> int:
    """What a network's own randomness (dropout) starts from, wherever and in whichever order shards are computed."""
    return int(np.random.SeedSequence((seed, step, shard)).generate_state(1, np.uint64)[0] >> np.uint64(1))
