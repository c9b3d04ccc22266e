"""Locks in object storage, which has none: files by which processes say that they are there, and go on saying so.

Whoever wants the lock writes a file, then looks whether there are others. Storage shows each file at once in every list
(S3, GCS and MinIO promise that), so of two that come at the same moment at least one sees the other, and withdraws. A
file that nobody has renewed for a while is no longer heeded: its process has died. The ages are by the storage's clock.
"""

import json
import os
import random
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil

from kittiseg.errors import KittisegError, WorkspaceError
from kittiseg.project.files import Files

RENEWED_S = 5.0
DEAD_S = 30.0
"""After so long without renewal a process is taken for dead; one that had only been put to sleep is not told."""


@contextmanager
def claimed(files: Files, folder: str, *, wait_s: float) -> Iterator[bool]:
    """Whether the folder is this process's until the end of the ``with`` statement; it is waited for ``wait_s`` s."""
    claim = _Claim(files, folder)
    end = time.monotonic() + wait_s
    while not (is_ours := claim.take()) and time.monotonic() < end:
        time.sleep(min(random.uniform(0.5, 1.5), max(end - time.monotonic(), 0)))  # so that two do not meet again
    try:
        yield is_ours
    finally:
        if is_ours:
            claim.give_back()


@dataclass(frozen=True)
class _Holder:
    """A process; ``where``: the machine, and the container, within which ``pid`` means something."""

    where: str
    pid: int
    started: float

    @classmethod
    def this(cls) -> "_Holder":
        return cls(_here(), os.getpid(), psutil.Process().create_time())

    @property
    def is_dead(self) -> bool:
        """Known only of processes of this machine."""
        if self.where != _here():
            return False
        try:
            return bool(abs(psutil.Process(self.pid).create_time() - self.started) > 1)
        except psutil.NoSuchProcess:
            return True


class _Claim:
    def __init__(self, files: Files, folder: str) -> None:
        self._files, self._folder = files, folder
        self._place = f"{folder}/{uuid.uuid4().hex}.json"
        self._over = Event()
        self._renewing = Thread(target=self._renew, daemon=True, name=f"claim {folder}")

    def take(self) -> bool:
        if self._others():
            return False
        self._write()
        if self._others():
            self._files.remove(self._place)
            return False
        self._renewing.start()
        return True

    def give_back(self) -> None:
        self._over.set()
        self._renewing.join()
        with suppress(KittisegError):  # then it is too old soon
            self._files.remove(self._place)

    def _write(self) -> None:
        self._files.write(self._place, json.dumps(asdict(_Holder.this())).encode())

    def _renew(self) -> None:
        while not self._over.wait(RENEWED_S):
            with suppress(KittisegError):
                self._write()

    def _others(self) -> list[str]:
        """Claims of processes that live, as far as one can know; those of the dead are removed."""
        places = [f"{self._folder}/{name}" for name in self._files.files(self._folder)]
        others = [place for place in places if place != self._place]
        return [place for place in others if not self._is_dead(place)]

    def _is_dead(self, place: str) -> bool:
        try:
            told = self._files.read(place)
        except WorkspaceError:
            if self._files.exists(place):
                raise
            return True  # it was given back a moment ago
        is_dead = _holder(json.loads(told)).is_dead or self._age_s(place) > DEAD_S
        if is_dead:
            self._files.remove(place)
        return is_dead

    def _age_s(self, place: str) -> float:
        """By the storage's clock, for that of this machine may be wrong."""
        now = f"{self._folder}/.{uuid.uuid4().hex}"
        self._files.write(now, b"")
        try:
            return (self._files.stamp(now)[1] - self._files.stamp(place)[1]) / 1e9
        finally:
            self._files.remove(now)


def _holder(told: Any) -> _Holder:
    return _Holder(told["where"], told["pid"], told["started"])


def _here() -> str:
    """Two containers on a machine count their processes each for itself."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return " ".join(parts)
