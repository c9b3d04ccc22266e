import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from kittiseg.project.store import Workspace
from tests.data.runs import TINY_TRAINING, json_file, leftovers
from tests.data.training import write_squares


def test_ctrl_c_ends_a_training_that_can_be_gone_on_with(workspace: Workspace, tmp_path: Path):
    """Exit code 130, one line that says how, no traceback, nothing half-written."""
    write_squares(workspace)
    config = json_file(tmp_path, "train", {**TINY_TRAINING, "epochs": 5000, "val_every": 1})
    words = ["-w", workspace.files.root, "--engine", "local", "train", str(config), "--project", "squares"]
    code = "from kittiseg.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words, "--name", "m", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = Path(workspace.files.path("models/m/checkpoints/00000001"))
    while not first.exists() and process.poll() is None:
        time.sleep(0.05)

    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert out == ""
    assert err.endswith("the same command with --resume goes on from the last checkpoint\ninterrupted\n")
    assert "Traceback" not in err
    assert [name for name in leftovers(workspace) if ".engine" in name] == []
    assert workspace.models() == ["m"]
