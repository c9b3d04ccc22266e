"""Writes the query language's reference with its pictures: ``python -m kittiseg.report.reference docs``."""

import sys
from pathlib import Path

from kittiseg.dtl.layers import LAYERS
from kittiseg.dtl.reference import markdown
from kittiseg.report.reference_pictures import reference_picture


def write_reference(folder: Path) -> None:
    """``dtl.md`` and, for each action, ``dtl/<action>.png``; pictures of actions that are gone are removed."""
    pictures = folder / "dtl"
    pictures.mkdir(parents=True, exist_ok=True)
    for path in pictures.glob("*.png"):
        if path.stem not in LAYERS:
            path.unlink()
    for action in LAYERS:
        (pictures / f"{action}.png").write_bytes(reference_picture(action))
    (folder / "dtl.md").write_text(markdown(), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m kittiseg.report.reference FOLDER")
    write_reference(Path(sys.argv[1]))
