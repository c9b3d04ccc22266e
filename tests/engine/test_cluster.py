import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import ray

from kittiseg.engine import Engine
from kittiseg.engine.cluster import connect, prepare
from kittiseg.engine.local_cluster import LOOPBACK_NODE
from kittiseg.errors import ResourceError


def test_a_silent_address_is_refused_within_seconds():
    """Ray itself would try for minutes."""
    with pytest.raises(ResourceError, match=r"nothing answers at --address 127\.0\.0\.1:1 "):
        connect("127.0.0.1:1")


def test_an_address_without_a_port_is_refused():
    """The error says what an address looks like."""
    with pytest.raises(ResourceError, match=r"^--address my-cluster: wanted host:port of a Ray head, as in"):
        connect("my-cluster")


def test_a_job_server_is_no_head():
    """``RAY_ADDRESS`` may name either; only jobs can be sent to the one."""
    with pytest.raises(ResourceError, match="kittiseg submit -- COMMAND runs a command there"):
        connect("http://127.0.0.1:8265")


def test_a_cluster_of_this_machine_that_was_reached_before_does_not_show(
    ray_engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    """Its node is at 127.0.0.1; nodes elsewhere would take a process that is there too for one that has died."""
    (mark,) = LOOPBACK_NODE
    monkeypatch.setenv(mark, "0")

    prepare(ray.get_runtime_context().gcs_address)

    assert mark not in os.environ


def test_a_cluster_that_is_gone_does_not_keep_a_new_one_from_starting_nor_does_one_cpu_keep_it_from_work():
    """Ray remembers the last one in a file, and asks it for many minutes where it is not told otherwise.

    It would also wait for ever where workers take all CPUs there are and the reading of their data needs one more.
    """
    with TemporaryDirectory(dir="/tmp") as folder:  # a short path: sockets lie below it
        Path(folder, "ray").mkdir()
        Path(folder, "ray", "ray_current_cluster").write_text("127.0.0.1:1")
        done = subprocess.run(
            [sys.executable, "-m", "tests.data.one_cpu"],
            env={**os.environ, "RAY_TMPDIR": folder},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )

    assert done.stdout.splitlines()[-1] == "1 CPU: mapped [1, 2], mapped with state [3, 4], trained on 1 thread"
