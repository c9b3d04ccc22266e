"""Shares of a GPU, placed by a real Ray on made-up GPUs."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest


@pytest.mark.drill
def test_two_halves_work_on_each_gpu_at_the_same_time():
    """Actors, and the trials of a search, which itself takes nothing that they would wait for."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.data.gpu_shares"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    assert told["ended"] == [[f"t{number}", "done", None] for number in range(4)]
    for where in (told["actors"], told["trials"]):
        assert sorted(Counter((node, *gpus) for node, gpus in where).values()) == [2, 2]
