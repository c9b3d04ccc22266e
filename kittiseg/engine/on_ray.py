"""The five verbs on a Ray cluster, which may be this machine.

``map`` is Ray Data, ``map_with_state`` is a pool of Ray actors, ``fit`` is Ray Train, ``search`` is
Ray Tune (:mod:`kittiseg.engine.ray_tune`).
"""

import logging
import pickle
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
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
from kittiseg.engine.ray_watch import Watch, await_ray_data, leave, watching
from kittiseg.engine.room import Asked
from kittiseg.engine.search import SearchPlan, Share, TrialContext, TrialNews, TrialTask
from kittiseg.errors import LostWorkersError, ResourceError
from kittiseg.progress import Progress, Silent
from kittiseg.project.files import Files

T = TypeVar("T")
R = TypeVar("R")

BLOCKS_PER_CPU = 6  # a task round costs about 0.1 s, so blocks are few; the last ones should still end together

_NUMBERS = count(1)  # of the actors that this process starts: no two may have the same name

_VERDICT = "error.pickle"  # in the storage of a group: an error that would come again


@dataclass(frozen=True)
class OnRay:
    """The engine on the cluster that this process is connected to (:mod:`kittiseg.engine.cluster`).

    ``share``: what each worker of :meth:`fit` takes, where others train on the same cluster and there is room for all;
    None shares out all. ``progress`` is told of lost nodes, and of what is waited for. Each verb ends with a
    ResourceError where there is no room for its workers, or where the cluster is gone.
    """

    share: Share | None = None
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
        if self.share is None:  # else it is the engine of a trial, and the connection that of the search
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
                partial(_MapBatch(function, _plain(name))),  # of a partial Ray shows the name
                batch_size=None,
                batch_format="pyarrow",
                zero_copy_batch=True,
                max_retries=DEATHS_SURVIVED,  # of a block whose worker died; without it Ray would try for ever
            )
        done.set_name(_plain(name))
        with watching(self.progress) as watch:
            self._wait_for_room(Asked(name=name, count=1, cpus=1), watch)
            batches = iter(done.iter_batches(batch_size=None, batch_format="pyarrow"))
            try:
                while (batch := watch.until(partial(next, batches, None))) is not None:
                    for payload in batch.column("result"):
                        yield unwrap(pickle.loads(payload.as_py()))
            except ray.exceptions.WorkerCrashedError as error:
                raise died(name, error) from None
            finally:
                with suppress(
                    ResourceError, ValueError, ray.exceptions.RayError
                ):  # it is gone, or at work since Ctrl-C
                    watch.until(batches.close)  # now: Ray may have been shut down when nobody holds it any more
                    await_ray_data()

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
            title = f"{_plain(name)} {next(_NUMBERS)}"
            return StateWorker.options(name=title, **options).remote(recipe, workers.device, asked.cpus)  # type: ignore[attr-defined]

        with watching(self.progress) as watch:
            yield from Pool(start, workers.count, name, Places(asked, self.progress), watch).map(tasks, follow)

    def fit(
        self, loop: Callable[[WorkerContext, Any], None], job: Any, *, workers: Workers, name: str, storage: Files
    ) -> None:
        from ray import train
        from ray.train.torch import TorchConfig

        from kittiseg.engine.ray_places import NoReplacement, Trainer

        asked = self._asked(workers, name)
        scaling = train.ScalingConfig(
            num_workers=workers.count, use_gpu=asked.gpus > 0, resources_per_worker=asked.worker
        )
        run = train.RunConfig(
            name=_plain(name),
            storage_path=storage.root,
            storage_filesystem=None if storage.is_local else storage.filesystem,
            failure_config=train.FailureConfig(max_failures=DEATHS_SURVIVED, controller_failure_limit=DEATHS_SURVIVED),
            callbacks=[NoReplacement(self.share.folder)] if self.share else None,
        )
        settings = {
            "work": cloudpickle.dumps((loop, job, storage)),
            "device": workers.device,
            "threads": asked.cpus,
            "share": self.share,
        }
        alone = workers.count == 1  # speaks with nobody: needs no NCCL, which not every torch has
        trainer = Trainer(
            _fit_worker,
            train_loop_config=settings,
            scaling_config=scaling,
            run_config=run,
            torch_config=TorchConfig(backend="gloo") if alone else None,
        )
        try:
            with watching(self.progress) as watch:
                self._wait_for_room(asked, watch)
                watch.until(trainer.fit)
        except train.TrainingFailedError as error:
            _raise_verdict(storage)
            raise _end_of_group(name, error) from error
        except ray.exceptions.RayError as error:
            raise LostWorkersError(f"what led the workers of '{name}' died: {str(error).splitlines()[0]}") from error
        _raise_verdict(storage)

    def search(
        self,
        trial: Callable[[TrialContext], None],
        tasks: Iterator[TrialTask],
        heard: Callable[[TrialNews], None],
        *,
        plan: SearchPlan,
        storage: Files,
    ) -> None:
        from kittiseg.engine.ray_tune import search

        asked = self._asked(plan.workers, "a trial", groups=plan.at_once)
        with watching(self.progress) as watch:
            Places(asked, self.progress).hold_all(watch.check)
            watch.until(partial(search, trial, tasks, heard, plan=plan, cpus=asked.cpus, storage=storage))

    def _wait_for_room(self, asked: Asked, watch: Watch) -> None:
        """A trial has its share already: what the others of a sweep have is not in its way."""
        if self.share is None:
            Places(asked, self.progress).hold_all(watch.check)

    def _asked(self, workers: Workers, name: str, *, groups: int = 1) -> Asked:
        """``groups`` like this are to have room at once."""
        share = self.share or workers
        cpus = workers.cpus or (self.share.cpus if self.share else self._share_of_cpus(workers, groups=groups))
        gpus = share.gpus if workers.device == "cuda" else 0
        return Asked(name=name, count=workers.count, cpus=cpus, gpus=gpus)

    def _share_of_cpus(self, workers: Workers, *, groups: int) -> int:
        count = workers.count * groups
        each = int(1 / workers.gpus + 1e-6)  # on one GPU
        free = [
            (int(node.get("CPU", 0)), int(node.get("GPU", 0)) * each if workers.device == "cuda" else count)
            for node in [*alive_nodes(), *addable_nodes()]
        ]
        return share_of_cpus(free, count)


@dataclass(frozen=True)
class _MapBatch:
    """The function, over a block of pickled tasks; an exception becomes a result, to arrive as it was raised."""

    function: Callable[[Any], Any]
    __name__: str

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

    from kittiseg.engine.ray_places import sign_in

    loop, job, storage = pickle.loads(settings["work"])
    if storage.exists(_VERDICT):
        return
    context = train.get_context()
    if settings["share"] and context.get_world_rank() == 0:
        sign_in(settings["share"].folder)
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
        return LostWorkersError(f"the workers of '{name}' could not be started in {DEATHS_SURVIVED + 1} tries: {why}")
    why = str(next(iter(failures), error)).splitlines()[0]
    return LostWorkersError(f"the workers of '{name}' died {DEATHS_SURVIVED + 1} times (no memory?): {why}")


def _raise_verdict(storage: Files) -> None:
    if storage.exists(_VERDICT):
        raise pickle.loads(storage.read(_VERDICT))
