"""``python -m benchmarks [NAME ...]``: all of them, or those named."""

import platform
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

NAMES = (
    "start",
    "encoding",
    "transform",
    "scale",
    "training",
    "workers",
    "networks",
    "prediction",
    "large",
    "storage",
    "gpu",
)


def main(names: list[str]) -> None:
    table = Table("what", "ours", "theirs", "", "ratio", "wanted")
    for name in names or NAMES:
        print(f"measuring {name} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            for ratio in import_module(f"benchmarks.{name}").run(Path(folder)):
                ours, theirs = f"{ratio.ours:.3g}", f"{ratio.theirs:.3g}"
                table.add_row(ratio.name, ours, theirs, ratio.unit, f"{ratio.value:.2f}", ratio.wanted)
    Console(width=150).print(table)
    print(f"{platform.processor() or platform.machine()}, {platform.python_version()}, {platform.platform()}")


if __name__ == "__main__":
    main(sys.argv[1:])
