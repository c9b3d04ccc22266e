"""The dashboard of a Ray cluster, which is also its job server: where it is, and what it says. Needs no Ray here."""

import http.client
import json
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from kittiseg.engine.tokens import no_token, read_token, wrong_token
from kittiseg.errors import ResourceError

PATIENCE_S = 10  # a busy head answers late; a dead one refuses at once


@dataclass(frozen=True)
class ClusterState:
    """``used`` and ``total`` by resource (``CPU``, ``GPU``, ``object_store_memory`` ...), summed over the nodes.

    ``used`` has the names of ``total``, but for what the head has not told yet, and lags some seconds.
    """

    address: str
    nodes: int
    used: dict[str, float]
    total: dict[str, float]
    running: list[str]


@dataclass(frozen=True)
class Dashboard:
    """At ``url``. Every call gives an answer or a ResourceError within seconds."""

    url: str

    @property
    def headers(self) -> dict[str, str]:
        token = read_token()
        return {"Authorization": f"Bearer {token}"} if token else {}

    @property
    def exposed(self) -> bool:
        """Whether the token would go over a network as it is: plain HTTP to another machine."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and not is_loopback(parts.hostname or "")

    def get(self, path: str) -> Any:
        """The JSON document at ``path``."""
        request = urllib.request.Request(self.url + path, headers=self.headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise self._refusal(error.code) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ResourceError(
                f"nothing answers at {self.url} ({reason}); wanted the dashboard of a Ray cluster. kittiseg cluster up "
                "--local starts one on this machine; one elsewhere is reached through ssh -L 8265:127.0.0.1:8265 HEAD"
            ) from None
        except ValueError:
            raise ResourceError(f"{self.url} is no Ray dashboard: {path} gave no JSON") from None

    def check(self) -> None:
        """That it is there, is Ray's, and lets us in."""
        if "ray_version" not in self.get("/api/version"):
            raise ResourceError(f"{self.url} is no Ray dashboard: it does not say which version of Ray it has")

    @property
    def answers(self) -> bool:
        """Whether :meth:`check` finds nothing wrong."""
        with suppress(ResourceError):
            self.check()
            return True
        return False

    def state(self) -> ClusterState:
        """What the cluster has and does."""
        nodes = [node for node in self.get("/api/v0/nodes")["data"]["result"]["result"] if node["state"] == "ALIVE"]
        report = (self.get("/api/cluster_status")["data"]["clusterStatus"] or {}).get("loadMetricsReport") or {}
        jobs = [job for job in self.get("/api/jobs/") if job["status"] in ("PENDING", "RUNNING")]
        total: dict[str, float] = {}
        for node in nodes:
            for name, amount in node["resources_total"].items():
                total[name] = total.get(name, 0) + amount
        usage = report.get("usage", {})
        used = {name: usage[_told_as(name)][0] for name in total if _told_as(name) in usage}
        return ClusterState(
            self.url, len(nodes), used, total, [job["submission_id"] for job in jobs if job["submission_id"]]
        )

    def _refusal(self, code: int) -> ResourceError:
        refusals = {401: no_token, 403: wrong_token}
        if code in refusals:
            return refusals[code](f"the cluster at {self.url}")
        return ResourceError(f"{self.url} answered with HTTP status {code}; wanted the dashboard of a Ray cluster")


def _told_as(resource: str) -> str:
    """A resource's name in the usage that the dashboard tells: its ``to_camel_case`` makes all keys so."""
    first, *others = resource.split("_")
    return first + "".join(part.title() for part in others)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
