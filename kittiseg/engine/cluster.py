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
from typing import TYPE_CHECKING, Any

from kittiseg.engine import local_cluster
from kittiseg.engine.dashboard import is_loopback
from kittiseg.engine.heads import WANTED, Head, find_head
from kittiseg.engine.tokens import make_token, no_token, read_token, wrong_token
from kittiseg.errors import ResourceError

if TYPE_CHECKING:
    from kittiseg.engine.on_ray import OnRay

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # else a thread of Ray Data that is still at work after the end starts Ray again
    "RAY_DEDUP_LOGS_SKIP_REGEX": "worker processes have been started on node",  # a warning; our trials take no CPU
    "RAY_TRAIN_ENABLE_PRINT_PATCH": "0",
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2",  # also the least time between two reports, 2 s by default
    "RAY_TRAIN_COLLECTIVE_TIMEOUT_S": "1800",
}
STARTS = 3
_PROBE = "/ray.rpc.NodeInfoGcsService/CheckAlive"  # what a head answers at once, or refuses for want of a token

GONE = threading.Event()
"""Set when the cluster was left because its head is no more. Python cannot end then as usual: Ray would wait for the
head, and then end the process with an exit code of its own.
"""


def prepare_environment() -> None:
    """Sets what Ray reads; what is set already stays."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def connect(address: str | None = None, *, cpus: int | None = None) -> "OnRay":
    """The engine on the cluster at ``address``, or on a new one on this machine.

    ``address``: as :func:`~kittiseg.engine.heads.find_head` has it. Everybody is asked for a token that only this user
    can read, and so are we where the cluster does. ResourceError within seconds where nothing answers, or no token or a
    wrong one is here.
    """
    prepare_environment()
    if address is None:
        os.environ.setdefault("RAY_TRAIN_ENABLE_PREEMPTION_WATCHER", "0")  # nobody takes this machine away
        if "ray" not in sys.modules:  # else it has decided already, and a change would only split it from its workers
            os.environ.setdefault("RAY_AUTH_MODE", "token")
        if os.environ.get("RAY_AUTH_MODE", "token") == "token":
            make_token()
    else:
        given, address = address, prepare(address)

    import ray

    from kittiseg.engine.on_ray import OnRay

    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    if address is None:
        with _sigterm_kept():
            _start(cpus, quiet)
        return OnRay()
    try:
        with _sigterm_kept():
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ResourceError(
            f"no Ray cluster could be reached at --address {given}: {error}. Where this machine is no node of it, "
            "use kittiseg submit; without --address, one is started on this machine"
        ) from None
    return OnRay()


def _start(cpus: int | None, options: dict[str, Any]) -> None:
    """A cluster on this machine. A node that is not up within Ray's 30 s gives up, which a busy machine can cause."""
    import ray

    for attempt in range(STARTS):
        try:
            ray.init(address="local", num_cpus=cpus, include_dashboard=False, **options)
            return
        except Exception as error:  # of no class of its own
            if "timed out during startup" not in str(error):
                raise
            ray.shutdown()
            if attempt == STARTS - 1:
                raise ResourceError(
                    f"Ray did not start on this machine in {STARTS} tries of 30 s: is it busy, or short of memory? Run "
                    "it again then, or take --engine local, which needs no Ray"
                ) from error


def prepare(address: str) -> str:
    """``host:port`` of the head, which answers; Ray's environment is set for it. Call it before Ray is imported."""
    if address.startswith(("http://", "https://")):
        raise ResourceError(
            f"--address {address} is a job server: kittiseg submit -- COMMAND runs a command there. From here only a "
            "head can be used, as host:port"
        )
    if "://" in address:
        return address
    head = find_head(address)
    on_loopback = _answers_on_loopback_alone(head)
    _settle_token(head)
    if on_loopback:
        os.environ.update(local_cluster.LOOPBACK_NODE)
    else:  # of another cluster that was reached from here; its nodes would take this process for one that has died
        for name in local_cluster.LOOPBACK_NODE:
            os.environ.pop(name, None)
    return head.address


def _settle_token(head: Head) -> None:
    """Shows the token if the cluster asks for one: Ray would not do so by itself, and then try for long.

    Where it does not, nor do we: its nodes show us none, would be refused, and take this process for one that has died.
    """
    if _admits(head.address, None):
        if "ray" not in sys.modules:
            os.environ["RAY_AUTH_MODE"] = "disabled"
        return
    where = f"the cluster at --address {head.said}"
    if (token := read_token()) is None:
        raise no_token(where)
    if not _admits(head.address, token):
        raise wrong_token(where)
    if "ray" in sys.modules and os.environ.get("RAY_AUTH_MODE") != "token":
        raise ResourceError(
            f"{where} asks for a token, but Ray was imported before; set RAY_AUTH_MODE=token in the environment"
        )
    os.environ["RAY_AUTH_MODE"] = "token"


def _admits(address: str, token: str | None) -> bool:
    """Whether the head lets in whoever shows ``token``, or none. What else it says is for Ray to find out."""
    import grpc

    with grpc.insecure_channel(address) as channel:
        try:
            metadata = [("authorization", f"Bearer {token}")] if token else []
            channel.unary_unary(_PROBE)(b"", timeout=5, metadata=metadata)
        except grpc.RpcError as error:
            return bool(error.code() != grpc.StatusCode.UNAUTHENTICATED)
    return True


@contextmanager
def _sigterm_kept() -> Iterator[None]:
    """What this process does at SIGTERM stays: Ray would exit at once, and with code 15, not 143."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before not in (signal.SIG_DFL, None) and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _answers_on_loopback_alone(head: Head) -> bool:
    """Whether the head is on this machine and no network reaches it, as that of ``kittiseg cluster up``.

    Ray itself would take the address of a network instead of 127.0.0.1, and try for many minutes where nobody answers.
    """
    try:
        socket.create_connection((head.host, head.port), timeout=2).close()
    except (OSError, ValueError) as error:
        raise ResourceError(f"nothing answers at --address {head.said} ({error}); {WANTED}") from None
    if not is_loopback(head.host):
        return False
    try:
        socket.create_connection((_network_address(), head.port), timeout=2).close()
    except OSError:
        return True
    return False


def _network_address() -> str:
    """By which others reach this machine, as Ray finds it; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of nobody: only the way to it is asked
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
