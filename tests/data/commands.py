"""Command lines as processes of their own, to be stopped in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kittiseg.project.store import Workspace

_CODE = "from kittiseg.cli import main; main()"
_ON_ONE_CPU = f"import os; os.sched_setaffinity(0, [max(os.sched_getaffinity(0))]); {_CODE}"


def start_command(workspace: Workspace | str, *words: str, engine: str = "local") -> subprocess.Popen[str]:
    """``kittiseg WORDS`` in a process group of its own, in a workspace or at its address; what it says goes to pipes.

    The engine ``local`` has one CPU, so one thread: several would wait for one another on a machine that is busy.
    """
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            _ON_ONE_CPU if engine == "local" else _CODE,
            "-w",
            workspace if isinstance(workspace, str) else workspace.files.address(""),
            "--engine",
            engine,
            *words,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"},
    )


def run_command(workspace: Workspace | str, *words: str, engine: str = "local") -> tuple[int, str]:
    """Its exit code and what it said on stderr."""
    process = start_command(workspace, *words, engine=engine)
    _, err = process.communicate(timeout=120)
    return process.returncode, err


def stop_when(
    process: subprocess.Popen[str], signals: signal.Signals, condition: Callable[[], bool]
) -> tuple[int, str]:
    """Sends a signal to the process once the condition holds: SIGKILL to its whole group. As :func:`run_command`."""
    while not condition():
        assert process.poll() is None, f"it ended by itself: {process.communicate()[1]}"
        time.sleep(0.002)
    if signals == signal.SIGKILL:
        os.killpg(process.pid, signals)
    else:
        process.send_signal(signals)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def journal_blocks(workspace: Workspace, name: str) -> list[Path]:
    """What a transform that is not committed has put down so far."""
    return list(Path(workspace.files.path("projects")).glob(f".{name}.*.partial/meta/lineage/*.jsonl"))
