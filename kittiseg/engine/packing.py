"""What a command takes along to a cluster: the JSON files that it names, and those that they name. Never data."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kittiseg.errors import ConfigError

LIMIT = 10 << 20
"""Bytes that all files together may have; configs have some thousands."""

PLACE = "inputs"


def pack(words: Sequence[str | Path], folder: Path) -> list[str]:
    """The words with each ``Path`` replaced by its place in ``folder``, to which the file is copied.

    Files lie to one another as they did, so that what they say of one another stays right.
    """
    files: set[Path] = set()
    for word in words:
        if isinstance(word, Path):
            _collect(word.resolve(), files)
    sizes = {path: path.stat().st_size for path in files}
    if sum(sizes.values()) > LIMIT:
        largest = max(sizes, key=lambda path: sizes[path])
        raise ConfigError(
            f"{largest}: {sizes[largest] / 1e6:.1f} MB is no config; a job takes along {LIMIT >> 20} MB of JSON files "
            "at most. Data belong into the workspace, which the cluster must see"
        )
    root = Path(os.path.commonpath([path.parent for path in files])) if files else Path()
    for path in files:
        copy = folder / PLACE / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return [
        word if isinstance(word, str) else f"{PLACE}/{word.resolve().relative_to(root).as_posix()}" for word in words
    ]


def _collect(path: Path, found: set[Path]) -> None:
    """The file and, if it is not there yet, whatever it names by a path from its own folder."""
    if path in found:
        return
    found.add(path)
    if path.stat().st_size > LIMIT:
        return  # it is refused anyway
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return  # the command itself says best what is wrong with it
    for text in _strings(document):
        if text.endswith(".json") and "://" not in text and (other := path.parent / text).is_file():
            _collect(other.resolve(), found)


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)
