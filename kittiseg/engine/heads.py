"""Which head of a Ray cluster an address means. Needs no Ray in here."""

import os
from dataclasses import dataclass
from pathlib import Path

from kittiseg.engine import local_cluster
from kittiseg.errors import ResourceError

WANTED = (
    "wanted host:port of a Ray head, as in 10.0.0.4:6379 (kittiseg cluster up --local starts one here); submit, jobs "
    "and cluster status also take http://HOST:8265"
)


@dataclass(frozen=True)
class Head:
    """``said``: the address as the user gave it, and what it means where that is another thing."""

    host: str
    port: int
    said: str

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


def find_head(address: str) -> Head:
    """Of ``host:port``; or of ``auto``: that of ``cluster up``, or else the one that Ray started last on this machine.

    ResourceError where there is none, or where the address is no such thing. Whether it answers is not asked.
    """
    said = address
    if address == "auto":
        address, origin = _last_started()
        said = f"auto, which is {address} by {origin}"
    host, _, port = address.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16):
        raise ResourceError(f"--address {said}: {WANTED}")
    return Head(host or "127.0.0.1", int(port), said)


def _last_started() -> tuple[str, str]:
    """Its address, and who says so. Ray itself would try for many minutes where the one that it remembers has gone."""
    if cluster := local_cluster.known():
        return cluster.address, "kittiseg cluster up"
    remembered = Path(os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp", "ray", "ray_current_cluster")
    try:
        with remembered.open(encoding="utf-8") as stream:
            owner = os.fstat(stream.fileno()).st_uid
            address = stream.read().strip()
    except OSError:
        raise ResourceError(f"--address auto: nobody has started a cluster here; {WANTED}") from None
    if owner not in (os.getuid(), 0):
        raise ResourceError(
            f"--address auto: {remembered} is another user's (id {owner}), who could lead you to any cluster; {WANTED}"
        )
    return address, str(remembered)
