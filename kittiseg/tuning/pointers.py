"""Places in the two documents of a sweep: ``train:`` or ``transform:`` and a JSON pointer (RFC 6901)."""

import copy
from dataclasses import dataclass
from typing import Any

from kittiseg.config import did_you_mean

DOCUMENTS = ("train", "transform")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: a document, and the keys and indices that lead to it."""

    document: str
    steps: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> "Place":
        """From ``train:/batch_size/train``. ValueError where it is no such thing."""
        document, colon, path = text.partition(":")
        if not colon or document not in DOCUMENTS:
            known = [f"{name}:" for name in DOCUMENTS]
            raise ValueError(f"'{text}' does not begin with {' or '.join(known)}{did_you_mean(f'{document}:', known)}")
        if not path.startswith("/"):
            raise ValueError(f"'{text}' is no place: after {document}: comes a JSON pointer such as /lr")
        steps = path[1:].split("/")
        return cls(document, tuple(step.replace("~1", "/").replace("~0", "~") for step in steps))

    def is_within(self, other: "Place") -> bool:
        """Whether this is the other place, or lies inside what stands there."""
        return self.document == other.document and self.steps[: len(other.steps)] == other.steps

    def find(self, document: Any) -> Any:
        """The value there. LookupError where there is none."""
        here = document
        for step in self.steps:
            here = here[_index(here, step)] if isinstance(here, list) else _member(here, step)
        return here

    def put(self, document: Any, value: Any) -> Any:
        """A copy of the document with the value there; objects that are missing or null on the way to it are made.

        ValueError where the way leads past the end of a list, or into what is neither list nor object.
        """
        return _put(document, self.steps, value)


def _member(here: Any, step: str) -> Any:
    if not isinstance(here, dict):
        raise LookupError(f"there is nothing inside {here!r}")
    return here[step]


def _index(here: list[Any], step: str) -> int:
    if step.isascii() and step.isdecimal() and (step == "0" or step[0] != "0") and int(step) < len(here):
        return int(step)
    there = f"its {len(here)} entries are 0 to {len(here) - 1}" if here else "it is empty"
    raise LookupError(f"there is no entry '{step}' in the list; {there}")


def _put(here: Any, steps: tuple[str, ...], value: Any) -> Any:
    if not steps:
        return copy.deepcopy(value)
    first, *rest = steps
    if isinstance(here, list):
        try:
            place = _index(here, first)
        except LookupError as error:
            raise ValueError(str(error)) from None
        return [*here[:place], _put(here[place], tuple(rest), value), *here[place + 1 :]]
    if here is not None and not isinstance(here, dict):
        raise ValueError(f"there is nothing inside {here!r}")
    return {**(here or {}), first: _put((here or {}).get(first), tuple(rest), value)}
