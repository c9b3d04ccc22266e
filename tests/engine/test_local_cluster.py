"""What needs no cluster to be started; with one, ``tests/cli/test_jobs.py``."""

import socket

import psutil
import pytest

from kittiseg.engine import local_cluster
from kittiseg.engine.local_cluster import ClusterOptions
from kittiseg.errors import ResourceError
from tests.data.local_clusters import apart


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5"])
def test_no_port_is_open_to_all_without_being_told_twice(host: str):
    """Whoever reaches it could run any program here."""
    with apart(), pytest.raises(ResourceError, match="say it again: --open-to-everybody"):
        local_cluster.up(ClusterOptions(dashboard_host=host, token=False))


def test_a_port_that_is_taken_is_refused_before_anything_starts():
    """Ray itself would start, and then wait for itself."""
    with apart() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ResourceError, match=f"127.0.0.1:{port} cannot be listened on .*another --port, or 0 for any"
        ):
            local_cluster.up(ClusterOptions(port=port))

        assert list(folder.glob("kittiseg-*")) == []
        assert local_cluster.known() is None


def test_a_dashboard_elsewhere_is_refused():
    """Another port, which Ray would ask for, does not help."""
    with apart(), pytest.raises(ResourceError, match=r"^--dashboard-host 192\.0\.2\.1 is no address of this machine "):
        local_cluster.up(ClusterOptions(dashboard_host="192.0.2.1"))


def test_head_and_dashboard_cannot_have_one_port():
    """Ray finds it out late, and tells of parts that nobody knows."""
    with apart(), pytest.raises(ResourceError, match=r"^--port and --dashboard-port are both 7000; give two"):
        local_cluster.up(ClusterOptions(port=7000, dashboard_port=7000))


def test_a_head_that_cannot_start_says_why_and_leaves_nothing():
    """Its last line, and neither processes nor files."""
    with apart() as folder:
        (too_deep := folder / ("x" * 90)).mkdir()
        with pytest.raises(ResourceError, match=r"the head did not start: .*path length cannot exceed 107 bytes"):
            local_cluster.up(ClusterOptions(port=0, dashboard_port=0, folder=too_deep))

        assert list(too_deep.iterdir()) == []
        assert local_cluster.known() is None
        assert [process for process in psutil.process_iter(["cmdline"]) if str(folder) in str(process.info)] == []


def test_down_where_nothing_is_up_is_nothing():
    """Once more never hurts."""
    with apart():
        assert local_cluster.down() == 0
