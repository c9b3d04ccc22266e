"""A cluster of ``kittiseg cluster up`` of which the user's own files know nothing."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from kittiseg.engine import local_cluster
from kittiseg.engine.local_cluster import ClusterOptions, LocalCluster

STORE_MB = 100


@contextmanager
def apart() -> Iterator[Path]:
    """An empty folder for token, state and sessions; its path is short, for it has sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix="kt-"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("RAY_ADDRESS", "RAY_AUTH_TOKEN", "RAY_AUTH_MODE", *local_cluster.LOOPBACK_NODE):
            patch.setenv(name, "")  # so that it is afterwards as it was, whoever sets it meanwhile
            patch.delenv(name)
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(folder / "auth_token"))
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_cluster() -> Iterator[LocalCluster]:
    """One with two CPUs on free ports, within :func:`apart`."""
    with apart() as folder:
        try:
            yield local_cluster.up(
                ClusterOptions(cpus=2, port=0, dashboard_port=0, object_store_mb=STORE_MB, folder=folder)
            )
        finally:
            local_cluster.down()


def start(*words: str) -> subprocess.Popen[str]:
    """``kittiseg WORDS`` as a process of its own; what it says goes to pipes."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "kittiseg", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def listening(cluster: LocalCluster) -> set[str]:
    """The addresses on which any process of the cluster listens."""
    head = psutil.Process(cluster.pid)
    found = [one for process in (head, *head.children(recursive=True)) for one in process.net_connections("inet")]
    return {one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN}


def naming(folder: str) -> list[int]:
    """Processes that name the folder in their command line."""
    processes = psutil.process_iter(["cmdline", "status"])
    return [
        process.pid
        for process in processes
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and any(folder in word for word in process.info["cmdline"] or ())
    ]
