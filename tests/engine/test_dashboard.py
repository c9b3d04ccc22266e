import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kittiseg.engine.dashboard import Dashboard, is_loopback
from kittiseg.errors import ResourceError


@contextmanager
def answering(status: int, body: bytes) -> Iterator[Dashboard]:
    """A web server that says the same to everybody."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield Dashboard(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>", "is no Ray dashboard: /api/version gave no JSON"),
        (200, b"{}", "does not say which version of Ray it has"),
        (500, b"", "answered with HTTP status 500"),
    ],
)
def test_another_web_server_is_told_from_a_dashboard(status: int, body: bytes, said: str):
    """A port may be anybody's."""
    with answering(status, body) as dashboard, pytest.raises(ResourceError, match=said):
        dashboard.check()


def test_only_plain_http_to_another_machine_exposes_the_token():
    """Loopback never leaves this machine, and HTTPS is read by nobody on the way."""
    assert Dashboard("http://10.0.0.5:8265").exposed
    assert Dashboard("http://head:8265").exposed
    assert not Dashboard("http://127.0.0.1:8265").exposed
    assert not Dashboard("http://[::1]:8265").exposed
    assert not Dashboard("https://head").exposed


def test_all_addresses_are_not_loopback():
    """Whoever listens on them is reached from everywhere."""
    assert [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::", "10.0.0.5", "head")] == [
        *(True, True, True),
        *(False, False, False, False),
    ]
