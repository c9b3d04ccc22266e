"""Room on a Ray cluster: reserved as placement groups, of which Ray knows exactly whether they wait for resources.

An actor or a task does not say whether it waits for room or is only slow to start.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import ray
from ray.util import placement_group, placement_group_table, remove_placement_group

from kittiseg.engine.room import Asked, Node
from kittiseg.errors import ResourceError
from kittiseg.progress import Progress

PATIENCE_S = 20
"""After so long without room it is said, or an error: what an earlier stage held is given back within a second."""

_MANY = 1000  # nodes of a type of which there may be any number


class Places:
    """Room for the workers of one stage: refused at once where no node could ever hold one, waited for where others
    have it.
    """

    def __init__(self, asked: Asked, progress: Progress) -> None:
        """ResourceError where even empty nodes, with all that an autoscaler may add, could hold not one worker."""
        self._asked, self._progress = asked, progress
        self._since = time.monotonic()
        self._told = False
        nodes = [*alive_nodes(), *addable_nodes()]
        if not asked.places(nodes):
            raise ResourceError(asked.never(nodes))

    def reserve(self) -> Any:
        """Of one worker; it need not be there yet."""
        return _group([self._asked.worker])

    def hold_all(self, check: Callable[[], None]) -> None:
        """Waits until there is room for all workers at once, as a group needs it; then gives it back at once."""
        nodes = [*alive_nodes(), *addable_nodes()]
        if self._asked.places(nodes) < self._asked.count:
            raise ResourceError(self._asked.never(nodes))
        group = _group([self._asked.worker] * self._asked.count)
        try:
            while not group.wait(1):
                check()
                self.judge([group])
        finally:
            remove_placement_group(group)

    def begin(self) -> None:
        """From now on it is waited for."""
        self._since = time.monotonic()

    def judge(self, groups: Sequence[Any]) -> None:
        """Not one worker is at work: after a while ResourceError, unless one has its room and is only slow to start.

        Where an autoscaler may still add nodes it is only said, once.
        """
        if self._told or time.monotonic() - self._since < PATIENCE_S:
            return
        if any(placement_group_table(group)["state"] == "CREATED" for group in groups):
            return
        self._told = True
        text = self._asked.taken(ray.cluster_resources(), ray.available_resources())
        if addable_nodes():
            self._progress.notice(f"waiting for room: {text}; the autoscaler may add nodes")
            return
        raise ResourceError(
            f"no room in {PATIENCE_S} s: {text}. Run it again when others are done, ask for fewer or smaller workers "
            "(--devices), or add nodes"
        )


def give_back(group: Any) -> None:
    remove_placement_group(group)


def _group(bundles: list[dict[str, float]]) -> Any:
    return placement_group(bundles, strategy="PACK")


def alive_nodes() -> list[Node]:
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def addable_nodes() -> list[Node]:
    """Nodes that an autoscaler could start, by what it told the head of its node types; none where there is none."""
    from ray._private.state import state

    config = state.get_cluster_config()
    groups = config.node_group_configs if config else ()
    return [
        dict(group.resources)
        for group in groups
        if group.max_count > group.min_count or group.max_count < 0
        for _ in range(_MANY if group.max_count < 0 else group.max_count)
    ]
