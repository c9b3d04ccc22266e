"""The training loop, as every worker of a group runs it."""

import math
import time
from dataclasses import replace
from functools import partial
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from kittiseg.engine import WorkerContext
from kittiseg.training.batches import shard_seed
from kittiseg.training.checkpoints import Resumable, TrainState, read_newest
from kittiseg.training.class_weights import class_weights
from kittiseg.training.criterion import make_criterion
from kittiseg.training.descent import Descent
from kittiseg.training.devices import resolve_precision, torch_device
from kittiseg.training.group import Group
from kittiseg.training.history import append_history, cut_history, flat
from kittiseg.training.inputs import Forward
from kittiseg.training.keeping import write_checkpoint
from kittiseg.training.memory import Trial, within_memory
from kittiseg.training.prepare import INIT, TrainJob
from kittiseg.training.run_record import add_facts, add_session, end_session
from kittiseg.training.sample_files import forget_local
from kittiseg.training.scale import Scale, misfit, sizes_array
from kittiseg.training.schedule import after_validation, checkpoint_due, lr_of
from kittiseg.training.step_log import StepLog, not_finite
from kittiseg.training.stopping import why_ended
from kittiseg.training.supply import Batch, Supply
from kittiseg.training.sync_batchnorm import synchronise
from kittiseg.training.validation import Validation, Validator


def train_loop(context: WorkerContext, job: TrainJob) -> None:
    """Trains ``job.model`` to its last epoch or to a pause, from its newest whole checkpoint or else its first weights.

    So a group that was killed and is started again goes on by itself. On the CPU the weights it ends with are those of
    a training that nobody disturbed, bit for bit; on CUDA cuDNN chooses its fastest kernels, which may round otherwise.
    """
    torch.set_num_threads(context.threads)
    torch.backends.cudnn.benchmark = True
    trainer = _Trainer(context, job)
    with trainer.supply:
        while trainer.why_ended is None:
            trainer.step()
            if trainer.checkpoint_is_due:
                trainer.save()
    trainer.end()


class _Trainer:
    """One worker. All workers come to the same decisions, since these follow from values that they share."""

    def __init__(self, context: WorkerContext, job: TrainJob) -> None:
        self.context, self.job, self.config = context, job, job.config.settings
        self.group = Group(context.rank, context.world_size)
        self.device = torch_device(context.device)
        found, passed_over = read_newest(job.model)
        state = found.checkpoint.state if found else TrainState(seed=self.config.seed, lr=self.config.lr)
        self.supply = Supply(job, self.group, self.device, state)
        weights_c = state.class_weights or class_weights(self.config, job.config.classes, self.supply.index.counts_nc)
        self.state = replace(state, sizes=self.supply.sizes, data=self.supply.digest, class_weights=weights_c)
        self.validator = Validator(self.supply.validation, self.config, job.config.classes, self.group, weights_c)
        self.forward = self._network(found)
        self.criterion = make_criterion(self.config, len(job.config.classes), weights_c, self.device)
        self.descent = Descent(self.forward.network, self.config, self.group)
        self.trial = Trial(self.forward, self.criterion, self.config, self.descent.fill)
        self.result = replace(self.forward, network=self.descent.result)
        if found:
            self.descent.restore(found)
        if self.group.rank == 0:
            cut_history(job.model, step=self.state.step, checkpoint=self.state.checkpoint)
            add_session(job.model, self._session(passed_over))
        self.log = StepLog(self.forward.device)

    @property
    def why_ended(self) -> str | None:
        return why_ended(self.state, self.supply.plan, self.config, until=self.job.until)

    @property
    def checkpoint_is_due(self) -> bool:
        number = self.state.checkpoint + 1
        return checkpoint_due(number, self.state.step, self.supply.plan, val_every=self.config.val_every)

    def step(self) -> None:
        """One batch: forward and backward of this worker's parts, their sum over all workers, the optimizer's step."""
        batch = self.supply.batch(self.state.step)
        self.state = replace(self.state, lr=lr_of(self.state, self.config), sizes=self.supply.sizes)
        sums = within_memory(partial(self._descend, batch), self.trial.error)
        plan, step = self.supply.plan, self.state.step + 1
        seen, epoch = plan.seen_after(step), plan.epochs_after(step)
        self.state = replace(self.state, step=step, samples_seen=seen, epoch=epoch)
        self.log.add(self.state, sums, batch.names, waited=batch.waited)
        if self.log.is_full:
            self._write_history(self.log.take(wait=False))

    def save(self) -> None:
        """Validation, learning rate, checkpoint, report."""
        self._write_history(self.log.take(wait=True))
        began = time.perf_counter()
        validation = within_memory(self._validate, self.trial.validation_error)
        before, self.state = self.state, after_validation(self.state, validation.metrics, self.config)
        place = {"checkpoint": self.state.checkpoint, "epoch": self.state.epoch, "step": self.state.step}
        seconds = round(time.perf_counter() - began, 3)
        self._write_history([{"kind": "val", **place, **validation.metrics, "seconds": seconds}])
        if self.config.schedule is None and self.state.lr_changed_at != before.lr_changed_at:  # as in 2018
            self.descent.forget()
        if self.group.rank == 0:
            weights, memory = self.descent.weights(), self.descent.memory()
            write_checkpoint(self.job.model, self.state, self.job.config, weights, memory, validation.pictures)
        numbers = {"epoch": self.state.epoch, "step": float(self.state.step), **flat(validation.metrics)}
        self.context.report(numbers, self.job.model.path(f"checkpoints/{self.state.checkpoint:08d}"))
        self.log.restart_clock()

    def end(self) -> None:
        forget_local(self.job.samples)
        if self.group.rank == 0:
            self.job.model.remove(INIT)
            end_session(self.job.model, str(self.why_ended))

    def _network(self, found: Resumable | None) -> Forward:
        """On its device, with the newest checkpoint's weights or the first ones."""
        precision = resolve_precision(self.config.precision, self.device)
        bf16 = self.group.sum(torch.tensor(float(precision == "bf16"), device=self.device))
        network = self.job.config.build()
        network.load_state_dict(found.weights if found else safetensors.torch.load(self.job.model.read(INIT)))
        network.to(device=self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        if self.config.sync_batchnorm:
            synchronise(network)
        if self.config.compile:
            network.compile()
        return Forward(network, self.device, "bf16" if bf16 == self.group.world_size else "fp32")

    def _session(self, passed_over: tuple[str, ...]) -> dict[str, Any]:
        """What run.json keeps of this start."""
        index, val, plan = self.supply.index, self.supply.epochs.val, self.supply.plan
        return {
            "note": self.job.plan.note,
            "device": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu",
            "world_size": self.group.world_size,
            "shards": plan.shards,
            "threads": self.context.threads,
            "precision": self.forward.precision,
            "resumed_from": self.state.checkpoint,
            "passed_over": list(passed_over),
            "warnings": self._check_scale(),
            "steps": plan.steps,
            "samples": {"train": len(index), "val": len(val)},
            "samples_in": self.supply.samples_in,
            "samples_mb": round((self.supply.epochs.train.bytes + val.bytes) / 1e6, 1),
            "left_out": {"train": list(index.left_out), "val": list(val.index.left_out)},
        }

    def _check_scale(self) -> list[str]:
        """run.json remembers the training's scale; a warning where the windows that the model is for have another."""
        size, windows, whole = self.config.input_size.size, self.job.windows, self.job.whole
        scale = Scale.of(self.supply.index.sizes_n2, size)
        add_facts(self.job.model, {"scale": scale.to_json()})
        pictures_n2 = sizes_array(whole.sizes.values()) if whole else None
        warning = misfit(scale, windows, size, pictures_n2) if windows else None
        return [warning] if warning else []

    def _descend(self, batch: Batch) -> Tensor:
        """Moves the weights by the gradients of a batch; gives its loss and accuracy."""
        self.descent.begin(self.state)
        batch_sums = self._batch_sums(batch) if self.criterion.needs_sums and batch.of > 1 else None
        sums = torch.zeros(2, device=self.device)
        for place, (number, samples_nhw4) in enumerate(batch.parts, 1):
            if place == len(batch.parts):
                self.descent.last_part()
            sums += self._learn(number, samples_nhw4, batch, batch_sums)
        return self.descent.step(sums)

    def _batch_sums(self, batch: Batch) -> Tensor:
        """What the loss needs of the whole batch, by a forward pass that leaves no trace."""
        sums = self.criterion.no_sums(dtype=torch.float32, device=self.device)
        self.forward.track_statistics(False)
        for number, samples_nhw4 in batch.parts:
            torch.manual_seed(shard_seed(self.config.seed, self.state.step, number))
            with torch.no_grad():
                sums += self.criterion.sums(*self.forward(samples_nhw4), batch.totals)
        return self.group.sum(sums)

    def _learn(self, number: int, samples_nhw4: Tensor, batch: Batch, batch_sums: Tensor | None) -> Tensor:
        """Adds a part's gradients; gives its share of the batch's loss and accuracy.

        Only part 0, always rank 0's, moves the running statistics, so that they do not depend on who computes what.
        """
        torch.manual_seed(shard_seed(self.config.seed, self.state.step, number))
        self.forward.track_statistics(number == 0)
        logits_nchw, labels_nhw = self.forward(samples_nhw4)
        loss = self.criterion.contribution(logits_nchw, labels_nhw, batch.totals, batch_sums)
        loss.backward()
        right = (logits_nchw.detach().argmax(1) == labels_nhw).sum()  # a neutral pixel never is: no class is 255
        return torch.stack([loss.detach(), right / max(batch.totals.pixels, 1)])

    def _validate(self) -> Validation:
        """Of the pictures of val, and of whole pictures where that is due, as it always is at the end."""
        self.group.follow_first(self.result.network.buffers())
        validation = self.validator(self.result)
        metrics, whole = validation.metrics, self.job.whole
        if not math.isfinite(metrics["loss"]):
            raise not_finite("validation loss", metrics["loss"], self.state, [])
        if whole is not None:
            ends = why_ended(after_validation(self.state, metrics, self.config), self.supply.plan, self.config)
            if whole.is_due(self.state.checkpoint + 1, last=ends is not None):
                metrics["whole"] = whole.validate(self.result, self.group)
        return validation

    def _write_history(self, records: list[dict[str, Any]]) -> None:
        if self.group.rank == 0 and records:
            append_history(self.job.model, records)
