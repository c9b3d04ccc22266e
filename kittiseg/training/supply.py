"""What a worker computes in each step: the epochs' samples, cut into batches and parts, and made ahead."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kittiseg.errors import DataError
from kittiseg.training.batches import BatchPlan, Quota
from kittiseg.training.checkpoints import TrainState
from kittiseg.training.config import SamplesIn
from kittiseg.training.epochs import Epochs
from kittiseg.training.feed import Feed, where_samples_fit
from kittiseg.training.group import Group
from kittiseg.training.losses import Totals
from kittiseg.training.prepare import TrainJob
from kittiseg.training.reading import SampleReader
from kittiseg.training.samples import SampleIndex
from kittiseg.training.sampling import quota_of


@dataclass(frozen=True)
class Batch:
    """The batch of a step.

    ``parts``: what this worker computes of it, each at once: its number, and its samples, uint8 (n, h, w, 4). ``of``:
    the number of all workers' parts. ``waited``: seconds for which they were not there in time.
    """

    parts: list[tuple[int, Tensor]]
    of: int
    totals: Totals
    names: list[str]
    waited: float


class Supply:
    """The batches of a training from the step on in which it stands. As a context it makes the next epoch ahead.

    DataError where the pictures are not those that the training began with.
    """

    def __init__(self, job: TrainJob, group: Group, device: torch.device, state: TrainState) -> None:
        self._job, self._group, self._device = job, group, device
        self._config = job.config.settings
        self.sizes = state.sizes
        """Samples in each epoch that was begun; where all epochs have the same, the first stands for all."""
        self._quota: Quota | None = None
        reader, last = SampleReader(job.source, self._config, job.config.classes), self._config.epochs - 1
        begun = job.source.redraws and self.sizes
        first = min(self.plan.place(state.step)[0], last) if begun else 0
        self.epochs = Epochs(reader, job.samples, first=first, last=last)
        if state.data:
            self._refuse_other_pictures(state)
        needed = self.epochs.train.bytes + self.epochs.val.bytes
        wanted = self._config.samples_in
        self.samples_in: SamplesIn = where_samples_fit(needed, device) if wanted == "auto" else wanted
        """Where this worker has its samples."""
        self.validation = Feed(self.epochs.val, self.samples_in, device)
        self._begin_epoch(state.step)

    def __enter__(self) -> "Supply":
        self.epochs.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._batches.close()
        self.epochs.__exit__(*error)

    @property
    def index(self) -> SampleIndex:
        """That of the epoch's training samples."""
        return self.epochs.train.index

    @property
    def digest(self) -> str:
        """Changes with the training pictures."""
        return self._job.source.digest or self.index.digest

    @property
    def plan(self) -> BatchPlan:
        """As far as the sizes of the epochs are known."""
        return BatchPlan(
            sizes=self.sizes,
            epochs=self._config.epochs,
            batch=self._job.plan.batch,
            shards=self._job.plan.shards,
            seed=self._config.seed,
            quota=self._quota,
        )

    def batch(self, step: int) -> Batch:
        """The batch at ``step`` (from 0); steps come one after another."""
        if self._job.source.redraws and self.plan.place(step)[0] > self.epochs.number:
            self._batches.close()
            del self._batches, self._feed  # or the device would hold the samples of two epochs for a while
            self.epochs.advance()
            self._begin_epoch(step)
        shards = self.plan.shards_at(step)
        indices = np.concatenate(shards)
        waited = self._feed.waited
        parts = [(number, next(self._batches)) for number, _ in self._parts(shards)]
        of = self._group.world_size if self._config.sync_batchnorm else sum(len(shard) > 0 for shard in shards)
        totals = Totals(samples=len(indices), pixels=int(self.index.pixels_n[indices].sum()))
        names = [self.index.names[place] for place in indices]
        return Batch(parts, of, totals, names, self._feed.waited - waited)

    def _begin_epoch(self, step: int) -> None:
        self.sizes = (*self.sizes[: self.epochs.number], len(self.index))
        label = self._job.source.label
        self._quota = quota_of(self._config.sampling, self._job.config.classes, self.index.counts_nc, where=label)
        self._feed = Feed(self.epochs.train, self.samples_in, self._device)
        self._batches = self._feed.batches(self._wanted(step))

    def _wanted(self, first: int) -> Iterator[np.ndarray]:
        """This worker's parts of all steps that the samples of this epoch are for."""
        plan = self.plan
        end = plan.end_of(self.epochs.number) if self._job.source.redraws else plan.steps
        for step in range(first, end):
            yield from (part for _, part in self._parts(plan.shards_at(step)))

    def _parts(self, shards: list[np.ndarray]) -> list[tuple[int, np.ndarray]]:
        """Number and pictures of what this worker computes at once: its shards, or all of them as one.

        With ``sync_batchnorm`` a worker without pictures takes part all the same, since the others wait for its sums.
        """
        own = range(self._group.rank, len(shards), self._group.world_size)
        if self._config.sync_batchnorm:
            return [(self._group.rank, np.concatenate([shards[number] for number in own]))]
        return [(number, shards[number]) for number in own if len(shards[number])]

    def _refuse_other_pictures(self, state: TrainState) -> None:
        known = state.sizes[self.epochs.number :][:1] or (len(self.index),)
        if state.data != self.digest or known != (len(self.index),):
            raise DataError(
                f"{self._job.source.label} has other training pictures than when model {self._job.model.root} "
                "was begun, so it cannot be resumed; train a new model"
            )
