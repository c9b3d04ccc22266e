"""What was found on the parts of a large picture, as files: one worker writes a part, another reads them all.

A part is there when its ``.json`` is, which is written last; so a part that a killed worker left is done again.
"""

import io
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kittiseg.errors import DataError
from kittiseg.inference.parts import PartScored
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import Band
from kittiseg.inference.stitching import Edges, Sums, finish, seam
from kittiseg.project.files import Files
from kittiseg.project.geometry import Size


@dataclass(frozen=True)
class PartFiles:
    """The parts of one picture, in a folder of their own."""

    files: Files

    def has(self, part: int) -> bool:
        return self.files.exists(f"{part}.json")

    def write(self, part: int, scored: PartScored[Any]) -> None:
        """Writes all that a part gave. The folder may be there already."""
        self.files.make_folder(".")
        edges = scored.edges
        named = {f"band{index}": band.labels_hw for index, band in enumerate(scored.bands)}
        named |= {f"probs{i}": band.probs_chw for i, band in enumerate(scored.bands) if band.probs_chw is not None}
        named |= {f"head{index}": head.sums_chw for index, head in enumerate(edges.heads)}
        if edges.carry is not None:
            named["carry"] = edges.carry.sums_chw
        for name, values in named.items():
            deque(self.files.write_pieces(f"{part}.{name}.npy", _npy(values)), maxlen=0)
        tops = {
            "bands": [band.top for band in scored.bands],
            "heads": [head.top for head in edges.heads],
            "carry": None if edges.carry is None else edges.carry.top,
        }
        self.files.replace(f"{part}.json", json.dumps(tops).encode())

    def bands(self, part: int) -> Iterator[Band]:
        for index, top in enumerate(self.files.read_json(f"{part}.json")["bands"]):
            probs = f"{part}.probs{index}.npy"
            yield Band(
                top, self._array(f"{part}.band{index}.npy"), self._array(probs) if self.files.exists(probs) else None
            )

    def heads(self, part: int) -> Edges:
        """Of its edges, those to the part above."""
        tops = self.files.read_json(f"{part}.json")["heads"]
        return Edges(tuple(Sums(top, self._array(f"{part}.head{index}.npy")) for index, top in enumerate(tops)))

    def carry(self, part: int) -> Edges:
        """Of its edges, those to the part below."""
        top = self.files.read_json(f"{part}.json")["carry"]
        return Edges(carry=Sums(top, self._array(f"{part}.carry.npy")))

    def remove(self) -> None:
        self.files.remove("")

    def _array(self, name: str) -> np.ndarray:
        try:
            return np.load(io.BytesIO(self.files.read(name)), allow_pickle=False)
        except ValueError as error:
            raise DataError(f"{self.files.path(name)}: damaged: {error}; remove the folder, and run it again") from None


def _npy(values: np.ndarray) -> Iterator[bytes]:
    """A file as ``np.save`` writes it, plane by plane: it may have as many bytes as there is memory."""
    header = io.BytesIO()
    shape = {"descr": values.dtype.str, "fortran_order": False, "shape": values.shape}
    np.lib.format.write_array_header_1_0(header, shape)
    yield header.getvalue()
    yield from (plane.tobytes() for plane in values)


@dataclass(frozen=True)
class Joined:
    """A region that was scored in parts, put together where they meet."""

    region: Region
    stored: PartFiles
    parts: range
    classes: int
    probabilities: bool = False

    @property
    def size(self) -> Size:
        return self.region.place.size

    def bands(self) -> Iterator[Band]:
        """As :class:`~kittiseg.inference.scored.Scored` says. One part and one seam are in memory at a time."""
        for part in self.parts:
            if part > self.parts.start:
                sums = seam(self.stored.carry(part - 1), self.stored.heads(part))
                if sums is not None:
                    yield from finish(self.region, sums, classes=self.classes, probabilities=self.probabilities)
            yield from self.stored.bands(part)
