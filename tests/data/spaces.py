"""Sweep configs with the files that they name."""

import json
from pathlib import Path
from typing import Any

from kittiseg.tuning.reading import read_space
from kittiseg.tuning.space import Space
from tests.data.programs import DATA, RANDOM_CROP, query

LR = "train:/lr"
WIDTH = "transform:/1/settings/random_part/width"
CROPS = query(DATA, ("crop", "$in", "$part", RANDOM_CROP), save="$part")
"""From 20 to 90 percent of each side."""


def sweep_file(folder: Path, space: Any, *, train: Any = None, query: Any = CROPS, **fields: Any) -> Path:
    """A sweep config in a folder of its own, with its training config and query beside it."""
    document = {"train": "train.json", "transform": "crops.json", "space": space} | fields
    for name, content in {"train": train or {}, "crops": query, "sweep": document}.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder / "sweep.json"


def space_of(folder: Path, space: Any, **fields: Any) -> Space:
    """As read from :func:`sweep_file`."""
    return read_space(sweep_file(folder, space, **fields))
