"""Commands of kittiseg as Ray jobs: sent to a cluster, followed, stopped, from wherever its job server is reached."""

import asyncio
import logging
import os
import secrets
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import kittiseg
from kittiseg.config import did_you_mean
from kittiseg.engine import local_cluster
from kittiseg.engine.cluster import prepare
from kittiseg.engine.dashboard import Dashboard
from kittiseg.engine.job_logs import ShownLog, without_preparing
from kittiseg.engine.packing import pack
from kittiseg.errors import ResourceError

ENDED = ("SUCCEEDED", "FAILED", "STOPPED")
TERMINATED = 143  # as a shell says of a command that SIGTERM ended
STOP_S = 30


@dataclass(frozen=True, kw_only=True)
class Job:
    """``status`` is PENDING, RUNNING, SUCCEEDED, FAILED or STOPPED. Times in s since 1970, None where not there yet."""

    id: str
    status: str
    command: str
    started: float | None
    ended: float | None
    exit_code: int | None
    message: str


@dataclass(frozen=True)
class Jobs:
    """Those of the cluster with this dashboard. Every method raises ResourceError where it cannot be reached."""

    dashboard: Dashboard

    @classmethod
    def at(cls, address: str | None) -> "Jobs":
        """``address``: ``http://host:port`` of a job server, ``host:port`` of a head, or ``auto``; without, that of
        ``cluster up``.
        """
        return cls(find_dashboard(address))

    @property
    def on_this_machine(self) -> bool:
        cluster = local_cluster.known()
        return cluster is not None and cluster.dashboard == self.dashboard.url

    def submit(self, words: Sequence[str | Path], *, job_id: str, environment: Mapping[str, str]) -> None:
        """Sends ``kittiseg WORDS``; a Path among them is a JSON file that goes along, with those that it names.

        The job runs this very code, whatever version of it the cluster may have; what it imports must be there.
        """
        with tempfile.TemporaryDirectory(prefix="kittiseg-job-") as folder:
            entrypoint = shlex.join(["python", "-m", "kittiseg", *pack(words, Path(folder))])
            runtime: dict[str, Any] = {
                "working_dir": folder,
                "py_modules": [str(Path(kittiseg.__file__).parent)],
                "excludes": ["__pycache__"],
                "env_vars": dict(environment),
            }
            shown = {"job_name": job_id.rpartition("-")[0]}  # in the dashboard's column of names
            with _told_plainly(self.dashboard):
                self._client.submit_job(
                    entrypoint=entrypoint, submission_id=job_id, runtime_env=runtime, metadata=shown
                )

    def list(self) -> list[Job]:
        """The newest first."""
        with _told_plainly(self.dashboard):
            found = [job_of(details) for details in self._client.list_jobs() if details.submission_id]
        return sorted(found, key=lambda job: -(job.started or 0))

    def find(self, job_id: str) -> Job:
        known = {job.id: job for job in self.list()}
        if job_id not in known:
            raise ResourceError(f"no job '{job_id}' at {self.dashboard.url}{did_you_mean(job_id, known)}")
        return known[job_id]

    def log(self, job_id: str) -> str:
        """All that it has said so far, on stdout and stderr."""
        self.find(job_id)
        with _told_plainly(self.dashboard):
            return without_preparing(str(self._client.get_job_logs(job_id)))

    def stop(self, job_id: str) -> bool:
        """Whether it was running; it has ended now."""
        if self.find(job_id).status in ENDED:
            return False
        with _told_plainly(self.dashboard):
            self._client.stop_job(job_id)
        end = time.monotonic() + STOP_S
        while self.find(job_id).status not in ENDED:
            if time.monotonic() > end:
                raise ResourceError(
                    f"job '{job_id}' was told to stop but has not ended within {STOP_S} s; try it again"
                )
            time.sleep(0.2)
        return True

    def follow(self, job_id: str, write: Callable[[str], object]) -> Job:
        """Its log from the beginning, as it comes, until it ends. A connection that breaks is made again."""
        job, seen, shown = self.find(job_id), 0, ShownLog(write)
        while True:
            seen += asyncio.run(self._tail(job_id, shown, seen))
            job = self.find(job_id)
            if job.status in ENDED:
                shown.end()
                return job
            time.sleep(0.5)

    async def _tail(self, job_id: str, write: Callable[[str], object], seen: int) -> int:
        """How many letters more than the ``seen`` ones were written."""
        import aiohttp

        letters = 0
        try:
            async for text in self._client.tail_job_logs(job_id):
                if fresh := text[max(0, seen - letters) :]:
                    write(fresh)
                letters += len(text)
        except (aiohttp.ClientError, OSError, RuntimeError):
            pass  # whether the job goes on is asked by a request of its own
        return max(0, letters - seen)

    @cached_property
    def _client(self) -> Any:
        self.dashboard.check()  # the client itself has no time limit
        with _told_plainly(self.dashboard):
            from ray.job_submission import JobSubmissionClient

            for name in ("ray.dashboard.modules.job.sdk", "ray.dashboard.modules.dashboard_sdk"):
                logging.getLogger(name).setLevel(logging.WARNING)
            logging.getLogger("ray._private.runtime_env.packaging").setLevel(logging.WARNING)
            with _without("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS"):  # they would be used instead of what it is told
                return JobSubmissionClient(self.dashboard.url, headers=self.dashboard.headers)


def find_dashboard(address: str | None) -> Dashboard:
    """Of the cluster at ``address``; see :meth:`Jobs.at`."""
    cluster = local_cluster.known()
    if cluster and address in (None, "auto", cluster.address):
        return Dashboard(cluster.dashboard)
    if address is None:
        raise ResourceError(
            "which cluster? None was started here: kittiseg cluster up --local does; one elsewhere is named by "
            "--address http://HOST:8265 or RAY_ADDRESS"
        )
    if address.startswith(("http://", "https://")):
        return Dashboard(address.rstrip("/"))
    if "://" in address:
        raise ResourceError(f"--address {address}: wanted http://HOST:8265 of a job server, or host:port of a Ray head")
    address = prepare(address)
    with _told_plainly():
        from ray.dashboard.utils import ray_address_to_api_server_url

        return Dashboard(str(ray_address_to_api_server_url(address)))


def new_id(name: str) -> str:
    """The name in letters that an address may have, and four more that make it unique."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)
    return f"{'-'.join(filter(None, plain.split('-')))[:60]}-{secrets.token_hex(2)}"


def job_of(details: Any) -> Job:
    """What Ray's client tells of a job, with an exit code as a shell would give it."""
    code = details.driver_exit_code
    if details.status == "SUCCEEDED":
        code = 0
    elif details.status == "STOPPED":
        code = TERMINATED
    elif details.status == "FAILED":
        code = 1 if code is None else 128 - code if code < 0 else code
    message = (details.message or "").partition("\n")[0].partition(", last available logs")[0]
    if details.status == "FAILED" and details.driver_exit_code is not None:
        message = f"exit code {code}; its log says why"
    return Job(
        id=details.submission_id,
        status=str(details.status.value),
        command=details.entrypoint,
        started=details.start_time / 1000 if details.start_time else None,
        ended=details.end_time / 1000 if details.end_time else None,
        exit_code=code,
        message=message,
    )


@contextmanager
def _told_plainly(dashboard: Dashboard | None = None) -> Iterator[None]:
    """What Ray's client raises is a ResourceError of one line; one of its own where the cluster has gone."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        if dashboard and isinstance(error, OSError) and not dashboard.answers:
            raise ResourceError(
                f"the cluster at {dashboard.url} answers no more: it has ended, or the tunnel to it. If its jobs go "
                "on, follow one again by kittiseg jobs attach ID; else send the command again when a cluster is there, "
                "train and tune with --resume (docs/faults.md)"
            ) from error
        line = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ResourceError(f"the cluster did not do it: {line}") from error


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """These variables of the environment are not set meanwhile."""
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)
