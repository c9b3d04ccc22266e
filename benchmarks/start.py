"""How long ``kittiseg --help`` takes, against starting Python alone."""

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Ratio, best_of, seconds


def run(folder: Path) -> list[Ratio]:
    """The best of five starts of each; ``folder`` is not used."""

    def start(*arguments: str) -> float:
        return seconds(lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True))

    help_, python = best_of(5, lambda: start("-m", "kittiseg", "--help"), lambda: start("-c", "pass"))
    return [Ratio("kittiseg --help / python alone", help_, python, "s", "under 0.5 s")]
