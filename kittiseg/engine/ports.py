"""Where a server of this machine may listen, found out before it is started."""

import socket

from kittiseg.errors import ResourceError


def check_host(host: str, option: str) -> None:
    """ResourceError, about the command's option, where ``host`` is no address of this machine."""
    try:
        free_port(host, 0)
    except OSError as error:
        raise ResourceError(
            f"{option} {host} is no address of this machine ({error.strerror}); give one of its own, or 0.0.0.0 for "
            "all of them, or leave it out"
        ) from None


def port_to_listen_on(host: str, wanted: int, option: str) -> int:
    """:func:`free_port`; where it cannot be had, a ResourceError about the command's option."""
    try:
        return free_port(host, wanted)
    except OSError as error:
        others = " from 1024 on" if wanted < 1024 else ""  # those below are root's on most systems
        raise ResourceError(
            f"{host}:{wanted} cannot be listened on ({error.strerror}); give another {option}{others}, or 0 for any"
        ) from None


def free_port(host: str, wanted: int) -> int:
    """The port, or any that is free for 0. OSError where it cannot be listened on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, wanted))
        port: int = probe.getsockname()[1]
    return port
