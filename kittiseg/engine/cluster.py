"""How a Ray cluster is reached, or started on this machine. Ray reads its environment once, when it is first imported,
so that is set here before, and Ray is imported in :func:`connect` only.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kittiseg.errors import ResourceError

if TYPE_CHECKING:
    from kittiseg.engine.on_ray import OnRay

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # else a thread of Ray Data that is still at work after the end starts Ray again
    "RAY_TRAIN_ENABLE_PRINT_PATCH": "0",
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # also the least time between two reports, 2 s by default
    "RAY_TRAIN_COLLECTIVE_TIMEOUT_S": "1800",
}

GONE = threading.Event()
"""Set when the cluster was left because its head is no more. Python cannot end then as usual: Ray would wait for the
head, and then end the process with an exit code of its own.
"""


def connect(address: str | None = None, *, cpus: int | None = None) -> "OnRay":
    """The engine on the cluster at ``address`` (``host:port`` or ``auto``), or on a new one on this machine.

    A cluster started here asks everybody for a token that only this user can read. For one that is there already, the
    environment says whether it does: ``RAY_AUTH_MODE=token``, as where it was started.
    ResourceError within seconds where nothing answers at the address.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if address is None:
        if "ray" not in sys.modules:  # else it has decided already, and a change would only split it from its workers
            os.environ.setdefault("RAY_AUTH_MODE", "token")
        _make_token()
    elif "://" not in address and address != "auto":
        _refuse_silent(address)

    import ray

    from kittiseg.engine.on_ray import OnRay

    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    if address is None:
        with _sigterm_kept():
            ray.init(address="local", num_cpus=cpus, include_dashboard=False, **quiet)
        return OnRay()
    try:
        with _sigterm_kept():
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ResourceError(
            f"no Ray cluster could be reached at --address {address}: {error}. If it asks for a token, set "
            "RAY_AUTH_MODE=token; without --address, one is started on this machine"
        ) from None
    return OnRay()


@contextmanager
def _sigterm_kept() -> Iterator[None]:
    """What this process does at SIGTERM stays: Ray would exit at once, and with code 15, not 143."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before not in (signal.SIG_DFL, None) and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _make_token() -> None:
    """A token that only this user can read; Ray itself would write it readable for everybody."""
    if os.environ.get("RAY_AUTH_MODE", "token") != "token" or "RAY_AUTH_TOKEN" in os.environ:
        return
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH", Path.home() / ".ray" / "auth_token"))
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(os.urandom(32).hex())


def _refuse_silent(address: str) -> None:
    """Ray itself would try for many minutes before it says that nobody answers."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host or "127.0.0.1", int(port)), timeout=2).close()
    except (OSError, ValueError) as error:
        raise ResourceError(
            f"nothing answers at --address {address} ({error}); wanted host:port of a Ray head"
        ) from None
