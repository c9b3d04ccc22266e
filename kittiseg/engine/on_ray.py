"""The four verbs on a Ray cluster, which may be this machine.

``map`` is Ray Data, ``map_with_state`` is a pool of Ray actors, ``fit`` is Ray Train.
"""

import logging
import pickle
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa
import ray
from ray import cloudpickle
from ray.util.placement_group import PlacementGroup
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from kittiseg.engine import DeviceKind, Resources, WorkerContext, Workers
from kittiseg.engine.devices import share_of_cpus
from kittiseg.engine.ray_actors import DEATHS_SURVIVED, Pool, StateWorker, caught, died, unwrap
from kittiseg.engine.ray_room import Places, addable_nodes, alive_nodes
from kittiseg.engine.ray_watch import leave, watching
from kittiseg.engine.room import Asked
from kittiseg.errors import ResourceError
from kittiseg.progress import Progress, Silent
from kittiseg.project.files import Files

T = TypeVar("T")
R = TypeVar("R")

BLOCKS_PER_CPU = 6  # a task round costs about 0.1 s, so blocks are few; the last ones should still end together

_VERDICT = "error.pickle"  # in the storage of a group: an error that would come again


@dataclass(frozen=True)
class OnRay:
    """The engine on the cluster that this process is connected to (:mod:`kittiseg.engine.cluster`).

    ``progress`` is told of lost nodes, and of what is waited for. Each verb ends with a ResourceError where there is no
    room for its workers, or where the cluster is gone.
    """

    progress: Progress = field(default_factory=Silent)

    def resources(self) -> Resources:
        """With what an autoscaler may add: it does so when it is asked for."""
        alive, addable = alive_nodes(), addable_nodes()
        cpus, gpus = (
            int(max(sum(node.get(name, 0) for node in nodes) for nodes in (alive, addable))) for name in ("CPU", "GPU")
        )
        return Resources(cpus=cpus, gpus=gpus, nodes=len(alive))

    def observe(self, metrics: Mapping[str, float], **labels: str) -> None:
        """As gauges ``ray_<name>`` among the metrics of this node, which the dashboard draws by way of Prometheus."""
        from ray.util.metrics import Gauge

        if ray.is_initialized():
            for name, value in metrics.items():
                plain = {label: _plain(text) for label, text in labels.items()}
                Gauge(name, tag_keys=tuple(plain)).set(value, plain)

    def shutdown(self) -> None:
        leave()

    def map(self, function: Callable[[T], R], tasks: Sequence[T], *, name: str) -> Iterator[R]:
        if not tasks:
            return
        import ray.data

        logging.getLogger("ray.data").setLevel("CRITICAL")  # its import resets the level; we tell of errors ourselves
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        blocks = min(len(tasks), max(self.resources().cpus, 1) * BLOCKS_PER_CPU)
        rows = ray.data.from_items([{"task": pickle.dumps(task)} for task in tasks], override_num_blocks=blocks)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of max_retries, for which Ray 2.63 has no other way
            done = rows.map_batches(
                _MapBatch(function),
                batch_size=None,
                batch_format="pyarrow",
                zero_copy_batch=True,
                max_retries=DEATHS_SURVIVED,  # of a block whose worker died; without it Ray would try for ever
            )
        done.set_name(_plain(name))
        with watching(self.progress) as watch:
            Places(Asked(name=name, count=1, cpus=1), self.progress).hold_all(watch.check)
            batches = iter(done.iter_batches(batch_size=None, batch_format="pyarrow"))
            try:
                while (batch := watch.until(partial(next, batches, None))) is not None:
                    for payload in batch.column("result"):
                        yield unwrap(pickle.loads(payload.as_py()))
            except ray.exceptions.WorkerCrashedError as error:
                raise died(name, error) from None

    def map_with_state(
        self,
        make: Callable[..., Callable[[T], R]],
        arguments: dict[str, Any],
        tasks: Iterable[T],
        *,
        workers: Workers,
        name: str,
        follow: Callable[[R], Iterable[T]] | None = None,
    ) -> Iterator[R]:
        asked = self._asked(workers, name)
        recipe = cloudpickle.dumps((make, arguments))  # not by ray.put: a lost node would take it along

        def start(group: PlacementGroup) -> Any:
            room = PlacementGroupSchedulingStrategy(group)
            options = {"num_cpus": asked.cpus, "num_gpus": asked.gpus, "scheduling_strategy": room}
            return StateWorker.options(**options).remote(recipe, workers.device, asked.cpus)  # type: ignore[attr-defined]

        with watching(self.progress) as watch:
            yield from Pool(start, workers.count, name, Places(asked, self.progress), watch).map(tasks, follow)

    def fit(
        self, loop: Callable[[WorkerContext, Any], None], job: Any, *, workers: Workers, name: str, storage: Files
    ) -> None:
        from ray import train
        from ray.train.torch import TorchTrainer

        asked = self._asked(workers, name)
        scaling = train.ScalingConfig(
            num_workers=workers.count, use_gpu=workers.device == "cuda", resources_per_worker=asked.worker
        )
        run = train.RunConfig(
            name=_plain(name),
            storage_path=storage.root,
            storage_filesystem=None if storage.is_local else storage.filesystem,
            failure_config=train.FailureConfig(max_failures=DEATHS_SURVIVED, controller_failure_limit=DEATHS_SURVIVED),
        )
        settings = {
            "work": cloudpickle.dumps((loop, job, storage)),
            "device": workers.device,
            "threads": asked.cpus,
        }
        trainer = TorchTrainer(_fit_worker, train_loop_config=settings, scaling_config=scaling, run_config=run)
        try:
            with watching(self.progress) as watch:
                Places(asked, self.progress).hold_all(watch.check)
                watch.until(trainer.fit)
        except train.TrainingFailedError as error:
            _raise_verdict(storage)
            raise _end_of_group(name, error) from error
        except ray.exceptions.RayError as error:
            raise ResourceError(f"what led the workers of '{name}' died: {str(error).splitlines()[0]}") from error
        _raise_verdict(storage)

    def _asked(self, workers: Workers, name: str) -> Asked:
        cpus = workers.cpus or self._share_of_cpus(workers.count, workers.device)
        return Asked(name=name, count=workers.count, cpus=cpus, gpus=1 if workers.device == "cuda" else 0)

    def _share_of_cpus(self, count: int, device: DeviceKind) -> int:
        nodes = [*alive_nodes(), *addable_nodes()]
        free = [(int(node.get("CPU", 0)), int(node.get("GPU", 0)) if device == "cuda" else count) for node in nodes]
        return share_of_cpus(free, count)


@dataclass(frozen=True)
class _MapBatch:
    """The function, over a block of pickled tasks; an exception becomes a result, to arrive as it was raised."""

    function: Callable[[Any], Any]

    def __call__(self, block: pa.Table) -> pa.Table:
        tasks = (pickle.loads(payload.as_py()) for payload in block.column("task"))
        return pa.table(
            {"result": pa.array([pickle.dumps(caught(self.function, task)) for task in tasks], pa.binary())}
        )


def _plain(name: str) -> str:
    """In ASCII: Ray's dashboard and metrics know no other letters and fail at them."""
    return name.encode("ascii", "backslashreplace").decode()


@dataclass(frozen=True)
class _TrainContext:
    device: DeviceKind
    threads: int
    rank: int
    world_size: int

    def report(self, metrics: dict[str, float], checkpoint: str | None = None) -> None:
        from ray import train

        train.report({**metrics, "checkpoint": checkpoint or ""})


def _fit_worker(settings: dict[str, Any]) -> None:
    """One worker of the group. An error that would come again is put down in a file, for Ray would try it again."""
    from ray import train

    loop, job, storage = pickle.loads(settings["work"])
    if storage.exists(_VERDICT):
        return
    context = train.get_context()
    told = _TrainContext(settings["device"], settings["threads"], context.get_world_rank(), context.get_world_size())
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


def _end_of_group(name: str, error: Exception) -> Exception:
    """What Ray Train gave up for, in one line."""
    failures = list(getattr(error, "worker_failures", {}).values())
    for failure in failures:
        if not type(failure).__module__.startswith("ray."):
            return RuntimeError(f"'{name}' failed: {failure}")
    if unstarted := getattr(error, "controller_failure", None):  # nodes that were lost, and no others came
        why = str(unstarted).splitlines()[0]
        return ResourceError(f"the workers of '{name}' could not be started in {DEATHS_SURVIVED + 1} tries: {why}")
    why = str(next(iter(failures), error)).splitlines()[0]
    return ResourceError(f"the workers of '{name}' died {DEATHS_SURVIVED + 1} times (no memory?): {why}")


def _raise_verdict(storage: Files) -> None:
    if storage.exists(_VERDICT):
        raise pickle.loads(storage.read(_VERDICT))
