"""The sum of what the source pictures of a transform gave, in constant memory however many they are."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kittiseg.project.journal import Output, Row

KEPT = 50
"""So many warnings and errors are kept as texts; the others are counted."""

_MODULUS = 1 << 128


@dataclass
class Tally:
    """Adds up rows, or other tallies. The order of adding does not show, but in which texts are kept."""

    sources: int = 0
    images: int = 0
    counts: list[int] = field(default_factory=list)
    datasets: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    checksum: int = 0
    warned: int = 0
    warnings: list[str] = field(default_factory=list)
    failed: int = 0
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Tally":
        tally = cls()
        for row in rows:
            tally.add_row(row)
        return tally

    @property
    def digest(self) -> str:
        """Of every picture and annotation that was written, in whichever order."""
        return f"{self.checksum:032x}"

    def add_row(self, row: Row) -> None:
        self._add_counts(row.counts)
        self.sources += 1
        self.images += len(row.outputs)
        self.datasets.update(output.dataset for output in row.outputs)
        self.tags.update(row.tags)
        self.checksum = (self.checksum + checksum(row.outputs)) % _MODULUS
        self._keep_texts(len(row.warnings), row.warnings, row.error is not None, [row.error] if row.error else [])

    def add(self, other: "Tally") -> None:
        self._add_counts(other.counts)
        self.sources += other.sources
        self.images += other.images
        self.datasets.update(other.datasets)
        self.tags.update(other.tags)
        self.checksum = (self.checksum + other.checksum) % _MODULUS
        self._keep_texts(other.warned, other.warnings, other.failed, other.errors)

    def _add_counts(self, counts: Sequence[int]) -> None:
        if counts:
            mine = self.counts or [0] * len(counts)
            self.counts = [one + more for one, more in zip(mine, counts, strict=True)]

    def _keep_texts(self, warned: int, warnings: Sequence[str], failed: int, errors: Sequence[str]) -> None:
        self.warned += warned
        self.failed += failed
        self.warnings += warnings[: KEPT - len(self.warnings)]
        self.errors += errors[: KEPT - len(self.errors)]


def checksum(outputs: Iterable[Output]) -> int:
    """The sum of the outputs' hashes, mod 2^128: it can be taken in parts, and does not hang on their order.

    Bellare and Micciancio, "A new paradigm for collision-free hashing" (AdHash), EUROCRYPT 1997.
    """
    total = 0
    for output in outputs:
        text = "\0".join((output.dataset, output.name, output.digest))
        total += int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")
    return total % _MODULUS


def and_more(texts: Sequence[str], count: int) -> list[str]:
    """The texts that were kept, and how many others there were."""
    return [*texts, *([f"... and {count - len(texts)} more"] if count > len(texts) else [])]
