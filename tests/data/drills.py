"""A Ray cluster of several nodes as a process of its own, whose nodes can be lost: see :class:`Drill`.

``python -m tests.data.drills NODES`` prints the address and does what it reads, line by line: ``lose``, ``add`` or
``end``. A node has one CPU, and an object store as small as Ray allows.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.data.runs import processes

STORE = 80_000_000
"""Bytes of each node's object store; Ray refuses less."""

_ENVIRONMENT = {
    "RAY_health_check_initial_delay_ms": "0",
    "RAY_health_check_period_ms": "500",  # not 3 s, five times; a node that answers late is as alive as ever
    "RAY_raylet_start_wait_time_s": "120",
}


class Drill:
    """The cluster, to be used in a ``with`` statement. ``address``: of its head; ``nodes``: besides it."""

    def __init__(self, *, nodes: int = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.data.drills", str(nodes)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self._answer()

    def lose_node(self) -> None:
        """One that is not the head is dead, and all that ran there; none comes in its place."""
        self._tell("lose")

    def add_node(self) -> None:
        self._tell("add")

    def end(self) -> None:
        """The head is dead, and with it the whole cluster."""
        self._tell("end")

    def freeze(self, title: str = "ray::", *, thaw: bool = False) -> None:
        """Workers that bear the title stay as they are, until they thaw."""
        for pid in processes(title, under=self._process.pid):
            os.kill(pid, signal.SIGCONT if thaw else signal.SIGSTOP)

    def __enter__(self) -> "Drill":
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.poll() is None:
            self.end()
        self._process.communicate()

    def _tell(self, what: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        assert answer, "the cluster could not be started"
        return answer


def main(nodes: str) -> None:
    os.environ.pop("RAY_AUTH_MODE", None)
    os.environ.update(_ENVIRONMENT)
    from ray.cluster_utils import Cluster

    size = {"num_cpus": 1, "object_store_memory": STORE}
    cluster = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **size})
    others = [cluster.add_node(**size) for _ in range(int(nodes))]
    print(cluster.address, flush=True)
    for line in sys.stdin:
        word = line.strip()
        if word == "add":
            others.append(cluster.add_node(**size))
        for node in {"lose": others[-1:], "end": [cluster.head_node, *others]}.get(word, []):
            _kill(node)
        print("done", flush=True)
        if word == "lose":
            others.pop()
        if word == "end":
            os._exit(0)  # an orderly end would wait for the head


def _kill(node: Any) -> None:
    """As when its machine loses power."""
    pids = [process.process.pid for kind in node.all_processes.values() for process in kind]
    for pid in [*_children(pids), *pids]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _children(pids: list[int]) -> list[int]:
    """Workers are children of their node's raylet, and die with it only after a while."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, parent in pairs if int(parent) in pids]


if __name__ == "__main__":
    main(*sys.argv[1:])
