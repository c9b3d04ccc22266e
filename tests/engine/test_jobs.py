"""What can be seen without a cluster; with one, ``tests/cli/test_jobs.py``."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiohttp import web
from ray.dashboard.modules.job.common import JobStatus
from ray.dashboard.modules.job.pydantic_models import JobDetails, JobType

from kittiseg.engine.dashboard import Dashboard
from kittiseg.engine.jobs import Jobs, find_dashboard, job_of, new_id
from kittiseg.errors import ResourceError
from tests.data.local_clusters import apart


def details(status: JobStatus, code: int | None = None) -> JobDetails:
    command = {"type": JobType.SUBMISSION, "submission_id": "j", "entrypoint": "true", "start_time": 1000}
    return JobDetails(**command, status=status, driver_exit_code=code, message="why\nand how")


@contextmanager
def job_server_that_breaks_off(log: list[str]) -> Iterator[str]:
    """Its URL. One job, done as soon as its log was sent whole; the first connection breaks after the first piece."""
    connections = 0

    async def version(request: web.Request) -> web.Response:
        return web.json_response({"ray_version": "2.60.0", "version": "4"})

    async def jobs(request: web.Request) -> web.Response:
        status = JobStatus.SUCCEEDED if connections > 1 else JobStatus.RUNNING
        return web.json_response([details(status).dict()])

    async def tail(request: web.Request) -> web.WebSocketResponse:
        nonlocal connections
        connections += 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for piece in log[:1] if connections == 1 else ["".join(log[:2]), *log[2:]]:
            await socket.send_str(piece)
        if connections == 1:
            assert request.transport is not None
            request.transport.abort()
        return socket

    app = web.Application()
    app.add_routes(
        [web.get("/api/version", version), web.get("/api/jobs/", jobs), web.get("/api/jobs/j/logs/tail", tail)]
    )
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(app)
    loop.run_until_complete(runner.setup())
    loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
    threading.Thread(target=loop.run_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)


def test_a_connection_that_breaks_is_made_again_and_nothing_is_shown_twice():
    """Wherever the log is cut into pieces the second time."""
    shown: list[str] = []
    with apart(), job_server_that_breaks_off(["one\n", "two\n", "three\n"]) as url:
        job = Jobs(Dashboard(url)).follow("j", shown.append)

    assert "".join(shown) == "one\ntwo\nthree\n"
    assert (job.status, job.exit_code) == ("SUCCEEDED", 0)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (JobStatus.PENDING, None, None),
        (JobStatus.RUNNING, None, None),
        (JobStatus.SUCCEEDED, 0, 0),
        (JobStatus.FAILED, 2, 2),
        (JobStatus.FAILED, -9, 137),
        (JobStatus.FAILED, None, 1),
        (JobStatus.STOPPED, None, 143),
    ],
)
def test_the_exit_code_is_what_a_shell_would_give(status: JobStatus, code: int | None, expected: int | None):
    """A job that could not even start has failed, too; one that goes on has none yet."""
    job = job_of(details(status, code))

    assert (job.exit_code, job.started) == (expected, 1.0)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (JobStatus.FAILED, 2, "exit code 2; its log says why"),
        (JobStatus.FAILED, -9, "exit code 137; its log says why"),
        (JobStatus.FAILED, None, "why"),
        (JobStatus.STOPPED, None, "why"),
    ],
)
def test_a_command_that_failed_has_said_why_and_else_ray_has(status: JobStatus, code: int | None, said: str):
    """In one line; that it was an entry point is of no use to a user."""
    assert job_of(details(status, code)).message == said


def test_an_id_can_stand_in_an_address_and_is_no_others():
    """Whatever a model is called."""
    assert re.fullmatch(r"train-U-Net-ckpt-27-[0-9a-f]{4}", new_id("train-U-Net (ckpt 27)/é"))
    assert len({new_id("a") for _ in range(20)}) > 15


def test_an_address_says_where_the_job_server_is():
    """Nothing is asked of anybody where the address itself says it."""
    with apart():
        assert find_dashboard("https://head/").url == "https://head"
        with pytest.raises(ResourceError, match="wanted http://HOST:8265 of a job server, or host:port"):
            find_dashboard("ray://head:10001")
        with pytest.raises(ResourceError, match=r"nothing answers at --address 127\.0\.0\.1:1 "):
            find_dashboard("127.0.0.1:1")
