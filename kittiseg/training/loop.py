"""The training loop, as every worker of a group runs it."""

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from kittiseg.engine import WorkerContext
from kittiseg.errors import DataError
from kittiseg.training.adam import make_adam, moments_of, restore_moments
from kittiseg.training.batches import BatchPlan, shard_seed
from kittiseg.training.checkpoints import Resumable, TrainState, read_newest, write_checkpoint
from kittiseg.training.class_weights import class_weights
from kittiseg.training.criterion import make_criterion
from kittiseg.training.devices import resolve_precision, torch_device
from kittiseg.training.epochs import Epochs
from kittiseg.training.group import Group
from kittiseg.training.history import append_history, cut_history, flat
from kittiseg.training.inputs import Forward
from kittiseg.training.losses import Totals
from kittiseg.training.prepare import INIT, TrainJob
from kittiseg.training.run_record import add_session, end_session
from kittiseg.training.samples import SampleReader, Samples
from kittiseg.training.schedule import checkpoint_due, lr_falls
from kittiseg.training.step_log import StepLog, not_finite
from kittiseg.training.validation import Validator


def train_loop(context: WorkerContext, job: TrainJob) -> None:
    """Trains ``job.model`` to its last epoch, from its newest whole checkpoint or else from its first weights.

    So a group that was killed and is started again goes on by itself. On the CPU the weights it ends with are those of
    a training that nobody disturbed, bit for bit; on CUDA cuDNN chooses its fastest kernels, which may round otherwise.
    """
    torch.set_num_threads(context.threads)
    torch.backends.cudnn.benchmark = True
    trainer = _Trainer(context, job)
    with trainer.epochs:
        while not trainer.is_done:
            trainer.step()
            if trainer.checkpoint_is_due:
                trainer.save()
    trainer.end()


class _Trainer:
    """One worker. All workers come to the same decisions, since these follow from values that they share."""

    def __init__(self, context: WorkerContext, job: TrainJob) -> None:
        self.context, self.job, self.config = context, job, job.config.settings
        self.group = Group(context.rank, context.world_size)
        found, passed_over = read_newest(job.model)
        self.state = found.checkpoint.state if found else TrainState(seed=self.config.seed, lr=self.config.lr)
        self.epochs = self._first_epoch()
        if found:
            self._refuse_other_pictures()
        self._begin_epoch()
        weights_c = self.state.class_weights or class_weights(self.config, job.config.classes, self.samples.labels_nhw)
        self.state = replace(self.state, class_weights=weights_c)
        self.validator = Validator(self.epochs.val, self.config, job.config.classes, self.group, weights_c)
        self.forward = self._network(found)
        self.criterion = make_criterion(self.config, len(job.config.classes), weights_c, self.forward.device)
        self.parameters = [each for each in self.forward.network.parameters() if each.requires_grad]
        self.adam = make_adam(self.forward.network, self.state.lr)
        if found:
            restore_moments(self.forward.network, self.adam, found.moments, self.state.adam_steps)
        if self.group.rank == 0:
            cut_history(job.model, step=self.state.step, checkpoint=self.state.checkpoint)
            add_session(job.model, self._session(passed_over))
        self.log = StepLog(self.forward.device)

    @property
    def is_done(self) -> bool:
        return self.state.step >= self.batches.steps

    @property
    def checkpoint_is_due(self) -> bool:
        number = self.state.checkpoint + 1
        return checkpoint_due(number, self.state.step, self.batches, val_every=self.config.val_every)

    def step(self) -> None:
        """One batch: forward and backward of this worker's shards, the sum over all workers, one step of Adam."""
        if self.job.source.redraws and self.batches.place(self.state.step)[0] > self.epochs.number:
            self.epochs.advance()
            self._begin_epoch()
        shards = self.batches.shards_at(self.state.step)
        batch = np.concatenate(shards)
        totals = Totals(samples=len(batch), pixels=int(self.samples.pixels_n[batch].sum()))
        self.adam.zero_grad()
        batch_sums = self._batch_sums(shards, totals) if self.criterion.needs_sums else None
        sums = torch.zeros(2, device=self.forward.device)
        for number in range(self.group.rank, len(shards), self.group.world_size):
            if len(shards[number]):
                sums += self._learn(number, shards[number], totals, batch_sums)
        sums = self.group.sum_gradients(self.parameters, sums)
        self.adam.step()
        step = self.state.step + 1
        seen, epoch = self.batches.seen_after(step), self.batches.epochs_after(step)
        self.state = replace(self.state, step=step, samples_seen=seen, epoch=epoch)
        self.log.add(self.state, sums, [self.samples.names[index] for index in batch])
        if self.log.is_full:
            self._write_history(self.log.take())

    def save(self) -> None:
        """Validation, learning rate, checkpoint, report."""
        self._write_history(self.log.take())
        began = time.perf_counter()
        self.group.follow_first(self.forward.network.buffers())
        metrics = self.validator(self.forward)
        if not math.isfinite(metrics["loss"]):
            raise not_finite("validation loss", metrics["loss"], self.state, [])
        self.state = replace(self.state, val_losses=(*self.state.val_losses, metrics["loss"]), metrics=metrics)
        place = {"checkpoint": self.state.checkpoint, "epoch": self.state.epoch, "step": self.state.step}
        seconds = round(time.perf_counter() - began, 3)
        self._write_history([{"kind": "val", **place, **metrics, "seconds": seconds}])
        self._lower_lr()
        if self.group.rank == 0:
            self._write_checkpoint()
        numbers = {"epoch": self.state.epoch, "step": float(self.state.step), **flat(metrics)}
        self.context.report(numbers, self.job.model.path(f"checkpoints/{self.state.checkpoint:08d}"))
        self.log.restart_clock()

    def end(self) -> None:
        if self.group.rank == 0:
            self.job.model.remove(INIT)
            end_session(self.job.model)

    @property
    def samples(self) -> Samples:
        return self.epochs.train

    @property
    def batches(self) -> BatchPlan:
        """As far as the sizes of the epochs are known."""
        return BatchPlan(
            sizes=self.state.sizes,
            epochs=self.config.epochs,
            shards=self.job.plan.shards,
            per_shard=self.config.batch_size.train,
            seed=self.config.seed,
        )

    def _first_epoch(self) -> Epochs:
        """The pictures of the epoch in which the training stands."""
        reader, last = SampleReader(self.job.source, self.config, self.job.config.classes), self.config.epochs - 1
        began = self.job.source.redraws and self.state.sizes
        return Epochs(reader, first=min(self.batches.place(self.state.step)[0], last) if began else 0, last=last)

    def _begin_epoch(self) -> None:
        """Where all epochs have the same pictures, the first stands for all."""
        sizes = (*self.state.sizes[: self.epochs.number], len(self.samples))
        self.state = replace(self.state, sizes=sizes, data=self._data)

    @property
    def _data(self) -> str:
        return self.job.source.digest or self.samples.digest

    def _refuse_other_pictures(self) -> None:
        known = self.state.sizes[self.epochs.number :][:1] or (len(self.samples),)
        if self.state.data != self._data or known != (len(self.samples),):
            raise DataError(
                f"{self.job.source.label} has other training pictures than when model {self.job.model.root} "
                "was begun, so it cannot be resumed; train a new model"
            )

    def _network(self, found: Resumable | None) -> Forward:
        """On its device, with the newest checkpoint's weights or the first ones."""
        device = torch_device(self.context.device)
        precision = resolve_precision(self.config.precision, device)
        bf16 = self.group.sum(torch.tensor(float(precision == "bf16"), device=device))
        network = self.job.config.build()
        network.load_state_dict(found.weights if found else safetensors.torch.load(self.job.model.read(INIT)))
        network.to(device=device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        return Forward(network, device, "bf16" if bf16 == self.group.world_size else "fp32")

    def _session(self, passed_over: tuple[str, ...]) -> dict[str, Any]:
        """What run.json keeps of this start."""
        device, validation = self.forward.device, self.validator.samples
        return {
            "note": self.job.plan.note,
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
            "world_size": self.group.world_size,
            "shards": self.batches.shards,
            "threads": self.context.threads,
            "precision": self.forward.precision,
            "resumed_from": self.state.checkpoint,
            "passed_over": list(passed_over),
            "steps": self.batches.steps,
            "samples": {"train": len(self.samples), "val": len(validation)},
            "left_out": {"train": list(self.samples.left_out), "val": list(validation.left_out)},
        }

    def _batch_sums(self, shards: list[np.ndarray], totals: Totals) -> Tensor | None:
        """What the loss needs of the whole batch, by a forward pass that leaves no trace; None: one shard is all."""
        if sum(len(shard) > 0 for shard in shards) == 1:
            return None
        sums = self.criterion.no_sums(dtype=torch.float32, device=self.forward.device)
        self.forward.track_statistics(False)
        for number in range(self.group.rank, len(shards), self.group.world_size):
            if len(shards[number]):
                torch.manual_seed(shard_seed(self.config.seed, self.state.step, number))
                with torch.no_grad():
                    sums += self.criterion.sums(*self.forward(self.samples, shards[number]), totals)
        return self.group.sum(sums)

    def _learn(self, number: int, indices: np.ndarray, totals: Totals, batch_sums: Tensor | None) -> Tensor:
        """Adds the shard's gradients; gives its part of the batch's loss and accuracy.

        Only shard 0, always rank 0's, moves the running statistics, so that they do not depend on who computes what.
        """
        torch.manual_seed(shard_seed(self.config.seed, self.state.step, number))
        self.forward.track_statistics(number == 0)
        logits_nchw, labels_nhw = self.forward(self.samples, indices)
        loss = self.criterion.contribution(logits_nchw, labels_nhw, totals, batch_sums)
        loss.backward()
        right = (logits_nchw.detach().argmax(1) == labels_nhw).sum()  # a neutral pixel never is: no class is 255
        return torch.stack([loss.detach(), right / max(totals.pixels, 1)])

    def _lower_lr(self) -> None:
        """Adam begins anew when the rate falls, as in 2018."""
        state, rule = self.state, self.config.lr_decreasing
        if lr_falls(state.val_losses, state.lr_changed_at, rule):
            self.state = replace(state, lr=state.lr / rule.lr_divisor, lr_changed_at=state.checkpoint)
            self.adam = make_adam(self.forward.network, self.state.lr)

    def _write_checkpoint(self) -> None:
        network = self.forward.network
        weights = {name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
        moments, steps = moments_of(network, self.adam)
        self.state = replace(self.state, adam_steps=steps)
        write_checkpoint(self.job.model, self.state, self.job.config, weights, moments)

    def _write_history(self, records: list[dict[str, Any]]) -> None:
        if self.group.rank == 0 and records:
            append_history(self.job.model, records)
