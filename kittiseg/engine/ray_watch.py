"""What befalls a cluster while a stage waits for it: lost nodes are told in a line, a lost head ends the stage.

Ray says nothing of either, and ends this process itself, without a word of ours, when a head has been silent for long.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import ray

from kittiseg.engine.cluster import GONE
from kittiseg.engine.room import told
from kittiseg.errors import ResourceError
from kittiseg.progress import Progress

R = TypeVar("R")

_EVERY_S = 1.0
_LAST_STEPS_S = 10.0
_OF_RAY_DATA = ("iter_threaded", "StreamingExecutor-")
"""Names of threads that go on for a moment after nobody wants their blocks any more."""
_ENDS_ITSELF_S = "RAY_gcs_rpc_server_reconnect_timeout_s"
_EXPECTED = ("EXPECTED_TERMINATION", "AUTOSCALER_DRAIN_IDLE", "AUTOSCALER_DRAIN_PREEMPTED")


class Watch:
    """Looks at the cluster every second, in a thread of its own; use :func:`watching`."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._alive: dict[str, str] = {}
        self._heard = time.monotonic()
        self._ended = threading.Event()
        self._address = ray.get_runtime_context().gcs_address
        self._thread = threading.Thread(target=self._look, daemon=True)

    def until(self, call: Callable[[], R], *, left: threading.Event | None = None) -> R:
        """What the call gives, however long that takes; ResourceError where the cluster is gone before.

        The call is made in another thread: most of Ray's calls would never come back then. ``left`` is set when Ctrl-C
        comes, and the call given a moment to end by it: Ray ends the process, with exit code 1, where a thread still
        asks for something when the connection has ended.
        """
        done: Future[R] = Future()
        threading.Thread(target=_settle, args=(done, call), daemon=True).start()
        try:
            while not wait([done], timeout=_EVERY_S).done:
                self.check()
        except KeyboardInterrupt:
            if left is not None:
                left.set()
                wait([done], timeout=_LAST_STEPS_S)
            raise
        try:
            return done.result()
        except ray.exceptions.RayError:
            self.doubt()
            raise

    def check(self) -> None:
        """ResourceError where the head has been silent for long, and is no more."""
        silent = self._silent()
        if silent > _patience() and not answers(self._address):
            raise ResourceError(
                f"the Ray cluster at {self._address} is gone: its head has not answered for {silent:.0f} s. On a new "
                "one the same command (train: with --resume) goes on with what is not done yet"
            )

    def doubt(self) -> None:
        """Something died: waits until the head is heard again, for it may have been the first; or as :meth:`check`."""
        since = time.monotonic()
        while self._heard < since:
            self.check()
            time.sleep(_EVERY_S / 10)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        while self._thread.is_alive() and self._silent() < 3 * _EVERY_S:  # else it waits for an answer that never comes
            self._thread.join(timeout=_EVERY_S)

    def _silent(self) -> float:
        return time.monotonic() - self._heard

    def _look(self) -> None:
        while not self._ended.is_set():
            asked = time.monotonic()
            with suppress(Exception):  # of Ray, which ends
                self._tell(ray.nodes())
                self._heard = asked
            self._ended.wait(_EVERY_S)

    def _tell(self, nodes: list[dict[str, Any]]) -> None:
        for node in nodes:
            if node["Alive"]:
                self._alive[node["NodeID"]] = f"{node['NodeManagerAddress']}, {told(node['Resources'])}"
            elif (known := self._alive.pop(node["NodeID"], None)) and node.get("DeathReason") not in _EXPECTED:
                self.progress.warn(f"a node was lost ({known}); its work is done again")


@contextmanager
def watching(progress: Progress) -> Iterator[Watch]:
    """The cluster that this process is connected to, while something is waited for."""
    watch = Watch(progress)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def leave() -> None:
    """Ends the connection; where the head is no more that is not possible, and said to all."""
    if ray.is_initialized() and not answers(ray.get_runtime_context().gcs_address):
        GONE.set()
    else:
        ray.shutdown()


def await_ray_data() -> None:
    """Until the threads of a data set that was closed have noticed that.

    Ray ends the process, with exit code 1, where one asks for a block when the connection has ended.
    """
    end = time.monotonic() + _LAST_STEPS_S
    for thread in threading.enumerate():
        if thread.name.startswith(_OF_RAY_DATA):
            thread.join(max(end - time.monotonic(), 0.0))


def answers(address: str) -> bool:
    """Whether the port is open. A process that is slow to answer keeps it open; one that is dead does not."""
    host, _, port = address.rpartition(":")
    with suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), timeout=5):
        return True
    return False


def _patience() -> float:
    """How long a head may be silent: it may be started anew, but this must come before Ray ends the process."""
    return float(os.environ.get(_ENDS_ITSELF_S, 60)) * 2 / 3


def _settle(done: "Future[R]", call: Callable[[], R]) -> None:
    try:
        done.set_result(call())
    except BaseException as error:
        done.set_exception(error)
