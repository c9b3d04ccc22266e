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
from threading import Event
from typing import Any, TypeVar

import pyarrow as pa
import ray
from ray import cloudpickle
from ray.util.placement_group import PlacementGroup
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from kittiseg.engine import Resources, WorkerContext, Workers
from kittiseg.engine.devices import share_of_cpus
from kittiseg.engine.ray_actors import DEATHS_SURVIVED, Pool, StateWorker, caught, died, unwrap
from kittiseg.engine.ray_room import Places, addable_nodes, alive_nodes
from kittiseg.engine.ray_watch import Watch, await_ray_data, leave, watching
from kittiseg.engine.room import Asked, plain
from kittiseg.engine.search import SearchPlan, Share, TrialContext, TrialNews, TrialTask
from kittiseg.errors import ResourceError
from kittiseg.progress import Progress, Silent
from kittiseg.project.files import Files

T = TypeVar("T")
R = TypeVar("R")

BLOCKS_PER_CPU = 6  # a task round costs about 0.1 s, so blocks are few; the last ones should still end together

_NUMBERS = count(1)  # of the actors that this process starts: no two may have the same name


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
                tags = {label: plain(text) for label, text in labels.items()}
                Gauge(name, tag_keys=tuple(tags)).set(value, tags)

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
                partial(_MapBatch(function, plain(name))),  # of a partial Ray shows the name
                batch_size=None,
                batch_format="pyarrow",
                zero_copy_batch=True,
                max_retries=DEATHS_SURVIVED,  # of a block whose worker died; without it Ray would try for ever
            )
        done.set_name(plain(name))
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
            title = f"{plain(name)} {next(_NUMBERS)}"
            return StateWorker.options(name=title, **options).remote(recipe, workers.device, asked.cpus)  # type: ignore[attr-defined]

        with watching(self.progress) as watch:
            yield from Pool(start, workers.count, name, Places(asked, self.progress), watch).map(tasks, follow)

    def fit(
        self, loop: Callable[[WorkerContext, Any], None], job: Any, *, workers: Workers, name: str, storage: Files
    ) -> None:
        from kittiseg.engine.ray_fit import fit

        asked = self._asked(workers, name)
        with watching(self.progress) as watch:
            self._wait_for_room(asked, watch)
            fit(loop, job, asked=asked, device=workers.device, share=self.share, storage=storage, watch=watch)

    def check_search(self) -> None: ...

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
            left = Event()
            run = partial(search, trial, tasks, heard, plan=plan, cpus=asked.cpus, storage=storage, left=left)
            watch.until(run, left=left)

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
