"""A Ray head with its dashboard on this machine, which outlives the command that started it. Needs no Ray in here.

All of it listens on the loopback interface only, and asks everybody for the token: on a machine that others use too,
whoever reaches a port without one could run code as this user. One a user; a file remembers it.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from kittiseg.engine.dashboard import Dashboard, is_loopback
from kittiseg.engine.ports import check_host, free_port, port_to_listen_on
from kittiseg.engine.tokens import make_token
from kittiseg.errors import ResourceError

START_S, END_S = 120, 10
PATIENCE_S = 25  # Ray gives up a node that is not up within 30 s; on a machine so busy, it is worth another try
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Ports of 0 are any that are free. ``folder``: where the sessions, logs and spilled objects go; None: the system's
    temporary folder. ``open_to_all``: no token although other machines reach the dashboard.
    """

    cpus: int | None = None
    port: int = 6379
    dashboard_port: int = 8265
    dashboard_host: str = _LOOPBACK
    object_store_mb: int | None = None
    folder: Path | None = None
    token: bool = True
    open_to_all: bool = False


@dataclass(frozen=True, kw_only=True)
class LocalCluster:
    """One that was started here. ``folder`` is its own alone, so whatever process names it belongs to it."""

    address: str
    dashboard: str
    folder: str
    pid: int
    token: bool


def known() -> LocalCluster | None:
    """The one that was started last and not ended by :func:`down`; it may have died since."""
    try:
        return LocalCluster(**json.loads(_state_file().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def up(options: ClusterOptions) -> LocalCluster:
    """Starts it. ResourceError where one is there, a port is taken, or a port would be open to everybody."""
    _refuse_open(options)
    if options.port == options.dashboard_port != 0:
        raise ResourceError(
            f"--port and --dashboard-port are both {options.port}; give two, or 0 for any that are free"
        )
    check_host(options.dashboard_host, "--dashboard-host")
    if (there := known()) and _members(there.folder):
        raise ResourceError(
            f"a local cluster is there already: {there.address}, dashboard {there.dashboard}; kittiseg cluster down "
            "ends it"
        )
    down()
    if options.token:
        make_token()
    begun = time.monotonic()
    try:
        return _start(options)
    except ResourceError:
        if time.monotonic() - begun < PATIENCE_S:
            raise
    return _start(options)


def down() -> int:
    """Ends every process of the local cluster and removes its folder; gives how many processes there were.

    Never by ``ray stop``, which ends the Ray of everybody on the machine.
    """
    if (cluster := known()) is None:
        return 0
    ended = _end(cluster)
    _state_file().unlink(missing_ok=True)
    return ended


def _refuse_open(options: ClusterOptions) -> None:
    if not options.token and not options.open_to_all and not is_loopback(options.dashboard_host):
        raise ResourceError(
            f"--no-token with --dashboard-host {options.dashboard_host} would let everybody who reaches this machine "
            "run code on it as you. Leave out --no-token; or keep the dashboard on 127.0.0.1 and reach it through ssh "
            "-L 8265:127.0.0.1:8265 HOST; or, if the network is yours alone, say it again: --open-to-everybody"
        )


def _start(options: ClusterOptions) -> LocalCluster:
    port = port_to_listen_on(_LOOPBACK, options.port, "--port")
    dashboard_port = port_to_listen_on(options.dashboard_host, options.dashboard_port, "--dashboard-port")
    client_port = free_port(_LOOPBACK, 0)  # of Ray Client, which cannot be left out
    folder = tempfile.mkdtemp(prefix="kittiseg-", dir=options.folder)  # 0700; Ray opens its own to everybody, in there
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats"]
    ports = {"--port": port, "--dashboard-port": dashboard_port, "--ray-client-server-port": client_port}
    for name, value in {**ports, **_settings(options), "--temp-dir": f"{folder}/ray"}.items():
        command += [name, str(value)]
    with Path(folder, "head.log").open("wb") as log:
        head = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=folder,
            env=_environment(options),
        )
    host = _LOOPBACK if options.dashboard_host in ("0.0.0.0", "::") else options.dashboard_host
    cluster = LocalCluster(
        address=f"{_LOOPBACK}:{port}",
        dashboard=f"http://{f'[{host}]' if ':' in host else host}:{dashboard_port}",
        folder=folder,
        pid=head.pid,
        token=options.token,
    )
    _remember(cluster)
    try:
        _wait_until_up(head, cluster, client_port)
    except BaseException:
        down()
        raise
    return cluster


def _settings(options: ClusterOptions) -> dict[str, str | int]:
    """Of ``ray start``, but for the ports that are known; those of 0 are any that are free."""
    free = ("--dashboard-agent-listen-port", "--min-worker-port", "--max-worker-port")
    settings: dict[str, str | int] = {"--node-ip-address": _LOOPBACK, "--dashboard-host": options.dashboard_host}
    settings |= dict.fromkeys(free, 0)
    if options.cpus is not None:
        settings["--num-cpus"] = options.cpus
    if options.object_store_mb is not None:
        settings["--object-store-memory"] = options.object_store_mb << 20
    return settings


def _environment(options: ClusterOptions) -> dict[str, str]:
    """Of the head, which hands it on to every job."""
    mine = {name: value for name, value in os.environ.items() if name not in ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS")}
    return {
        **mine,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",  # a job's `python`
        "RAY_AUTH_MODE": "token" if options.token else "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
        **LOOPBACK_NODE,
    }


LOOPBACK_NODE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""With it a node is at 127.0.0.1 and listens there alone; without, Ray puts the address of a network in its place."""


def _wait_until_up(head: "subprocess.Popen[bytes]", cluster: LocalCluster, client_port: int) -> None:
    """Ray Client's server is waited for too: it gives up where the node is late, and takes everything with it."""
    log = Path(cluster.folder, "head.log")
    ready = Path(cluster.folder, "ray", "ray_current_cluster")  # written when all has been started
    end = time.monotonic() + START_S
    while time.monotonic() < end and head.poll() is None:
        if ready.exists():
            with suppress(ResourceError, OSError):
                socket.create_connection((_LOOPBACK, client_port), timeout=1).close()
                return Dashboard(cluster.dashboard).check()
        time.sleep(0.1)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    why = said[-1] if said else "it said nothing"
    raise ResourceError(f"the head did not start{'' if head.poll() is not None else f' within {START_S} s'}: {why}")


def _end(cluster: LocalCluster) -> int:
    """The head is asked first, which ends its children; what it leaves is killed, and looked for again."""
    members = _members(cluster.folder)
    ended = len(members)
    head = [process for process in members if process.pid == cluster.pid]
    for process in head:
        _quietly(process.terminate)
    _wait(head)
    for _ in range(3):
        if not (members := [*filter(_lives, members), *_members(cluster.folder)]):
            break
        for process in members:
            _quietly(process.kill)
        _wait(members)
    if members:
        pids = ", ".join(sorted({str(process.pid) for process in members}))
        raise ResourceError(
            f"processes of the local cluster could not be ended: {pids}; they may belong to another user"
        )
    shutil.rmtree(cluster.folder, ignore_errors=True)
    return ended


def _members(folder: str) -> list[psutil.Process]:
    """Ray's processes that name the folder, and whatever they have started, jobs too."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or [""]
        program = Path(words[0]).name
        if program.startswith(("python", "gcs_server", "raylet")) and any(folder in word for word in words):
            with suppress(psutil.NoSuchProcess):
                found |= {one.pid: one for one in (process, *process.children(recursive=True)) if _lives(one)}
    return list(found.values())


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _wait(processes: list[psutil.Process]) -> None:
    end = time.monotonic() + END_S
    while time.monotonic() < end and any(map(_lives, processes)):
        time.sleep(0.05)


def _quietly(act: Any) -> None:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        act()


def _state_file() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home, "kittiseg", "cluster.json")


def _remember(cluster: LocalCluster) -> None:
    path = _state_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(cluster), indent=1) + "\n", encoding="utf-8")
