import socket
from contextlib import ExitStack, suppress

import pytest

from kittiseg.engine.ports import check_host, free_port, port_to_listen_on
from kittiseg.errors import ResourceError


def test_a_port_of_0_is_any_that_is_free():
    """And it can be listened on then."""
    port = port_to_listen_on("127.0.0.1", 0, "--port")

    assert port == free_port("127.0.0.1", port) > 0


def test_a_port_that_is_taken_is_told_with_its_option():
    """Which is what there is to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ResourceError, match=rf"^127\.0\.0\.1:{port} cannot .*; give another --port, or 0 for any$"):
            port_to_listen_on("127.0.0.1", port, "--port")


def test_a_port_of_root_is_told_with_those_that_are_not():
    """Whoever is root here finds it taken instead; the remedy is the same."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(socket.create_server(("127.0.0.1", 1)))
        with pytest.raises(ResourceError, match=r"; give another --port from 1024 on, or 0 for any$"):
            port_to_listen_on("127.0.0.1", 1, "--port")


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "no-such-host.invalid"])
def test_a_host_that_is_not_this_one_is_told_from_a_port_that_is_taken(host: str):
    """Another port would not help."""
    with pytest.raises(ResourceError, match=f"^--dashboard-host {host} is no address of this machine "):
        check_host(host, "--dashboard-host")


def test_an_address_of_this_machine_is_one():
    """So are all of them together."""
    for host in ("127.0.0.1", "0.0.0.0", "localhost"):
        check_host(host, "--dashboard-host")
