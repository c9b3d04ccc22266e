"""``fit`` on Ray Train: what each worker of a group does, and how it ends."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ray
from ray import cloudpickle, train
from ray.train.torch import TorchConfig

from kittiseg.engine import DeviceKind, WorkerContext
from kittiseg.engine.ray_actors import DEATHS_SURVIVED
from kittiseg.engine.ray_places import NoReplacement, Trainer, sign_in
from kittiseg.engine.ray_watch import Watch
from kittiseg.engine.room import Asked, plain
from kittiseg.engine.search import Share
from kittiseg.errors import LostWorkersError
from kittiseg.project.files import Files

_VERDICT = "error.pickle"  # in the storage of a group: an error that would come again


def fit(
    loop: Callable[[WorkerContext, Any], None],
    job: Any,
    *,
    asked: Asked,
    device: DeviceKind,
    share: Share | None,
    storage: Files,
    watch: Watch,
) -> None:
    """As :meth:`kittiseg.engine.Engine.fit` says, for which there is room."""
    scaling = train.ScalingConfig(num_workers=asked.count, use_gpu=asked.gpus > 0, resources_per_worker=asked.worker)
    run = train.RunConfig(
        name=plain(asked.name),
        storage_path=storage.root,
        storage_filesystem=None if storage.is_local else storage.filesystem,
        failure_config=train.FailureConfig(max_failures=DEATHS_SURVIVED, controller_failure_limit=DEATHS_SURVIVED),
        callbacks=[NoReplacement(share.folder)] if share else None,
    )
    settings = {
        "work": cloudpickle.dumps((loop, job, storage)),
        "device": device,
        "threads": asked.cpus,
        "share": share,
    }
    alone = asked.count == 1  # speaks with nobody: needs no NCCL, which not every torch has
    trainer = Trainer(
        _work,
        train_loop_config=settings,
        scaling_config=scaling,
        run_config=run,
        torch_config=TorchConfig(backend="gloo") if alone else None,
    )
    try:
        watch.until(trainer.fit)
    except train.TrainingFailedError as error:
        _raise_verdict(storage)
        raise end_of_group(asked.name, error) from error
    except ray.exceptions.RayError as error:
        raise LostWorkersError(f"what led the workers of '{asked.name}' died: {str(error).splitlines()[0]}") from error
    _raise_verdict(storage)


@dataclass(frozen=True)
class _Context:
    device: DeviceKind
    threads: int
    rank: int
    world_size: int

    def report(self, metrics: dict[str, float], checkpoint: str | None = None) -> None:
        train.report({**metrics, "checkpoint": checkpoint or ""})


def _work(settings: dict[str, Any]) -> None:
    """One worker of the group. An error that would come again is put down in a file, for Ray would try it again."""
    loop, job, storage = pickle.loads(settings["work"])
    if storage.exists(_VERDICT):
        return
    context = train.get_context()
    if settings["share"] and context.get_world_rank() == 0:
        sign_in(settings["share"].folder)
    told = _Context(settings["device"], settings["threads"], context.get_world_rank(), context.get_world_size())
    try:
        loop(told, job)
    except Exception as error:
        if not _is_echo(error, told.world_size):
            storage.replace(_VERDICT, cloudpickle.dumps(error))  # whole, for it may be killed while it writes
        raise


def _is_echo(error: Exception, world_size: int) -> bool:
    """Whether it may be the echo of another worker's death, after which Ray restarts the group.

    ``torch.distributed`` raises RuntimeError then, or ValueError where Ray has taken its group down already; Ray's own
    reporting raises one of Ray's errors.
    """
    of_group = isinstance(error, RuntimeError) or (isinstance(error, ValueError) and "process group" in str(error))
    return type(error).__module__.startswith("ray.") or (world_size > 1 and of_group)


def end_of_group(name: str, error: Exception) -> Exception:
    """What Ray Train gave up for, in one line."""
    failures = list(getattr(error, "worker_failures", {}).values())
    for failure in failures:
        if not type(failure).__module__.startswith("ray."):
            return RuntimeError(f"'{name}' failed: {failure}")
    if unstarted := getattr(error, "controller_failure", None):  # nodes that were lost, and no others came
        why = str(unstarted).splitlines()[0]
        return LostWorkersError(f"the workers of '{name}' could not be started in {DEATHS_SURVIVED + 1} tries: {why}")
    why = str(next(iter(failures), error)).splitlines()[0]
    return LostWorkersError(f"the workers of '{name}' died {DEATHS_SURVIVED + 1} times (no memory?): {why}")


def _raise_verdict(storage: Files) -> None:
    if storage.exists(_VERDICT):
        raise pickle.loads(storage.read(_VERDICT))
