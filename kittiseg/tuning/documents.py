"""The two documents that a trial is made of: a training config and a query."""

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from kittiseg.config import to_json, try_parse
from kittiseg.dtl.layer import Layer, Sink
from kittiseg.dtl.layers import LAYERS
from kittiseg.dtl.query import read_steps
from kittiseg.errors import Problem
from kittiseg.training.config import TrainConfig
from kittiseg.tuning.pointers import Place


@dataclass(frozen=True)
class Documents:
    """As ``train`` and ``transform`` read them; without a query ``transform`` is None."""

    train: dict[str, Any]
    transform: list[Any] | None

    def put(self, values: Mapping[str, Any]) -> "Documents":
        """With values put where their keys point to; what they do not name is as it was. ValueError: see Place.put."""
        made = self
        for name, value in values.items():
            place = Place.read(name)
            document = getattr(made, place.document)
            if place.document == "train" and len(place.steps) > 1:
                document = _defaults(place.steps[0]) | document
            try:
                made = replace(made, **{place.document: place.put(document, value)})
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return made

    def find(self, name: str) -> Any:
        """The value where the name points to, of a training config's field that was left out its default.

        LookupError where there is nothing.
        """
        place = Place.read(name)
        document = getattr(self, place.document)
        with suppress(LookupError):
            return place.find(document)
        made, _ = try_parse(TrainConfig, document) if place.document == "train" else (None, [])
        with suppress(LookupError):
            return place.find(None if made is None else to_json(made))
        raise LookupError(f"there is nothing at {name}")

    def problems(self) -> list[Problem]:
        """All that is wrong with each of them, as far as it can be said without the pictures."""
        _, found = try_parse(TrainConfig, self.train)
        told = [Problem(f"train:{problem.pointer}", problem.message) for problem in found]
        if self.transform is not None:
            _, found = read_steps(self.transform)
            told += [Problem(f"transform:{problem.pointer}", problem.message) for problem in found]
        return told


@cache
def _all_defaults() -> dict[str, Any]:
    made: dict[str, Any] = to_json(TrainConfig())
    return made


def _defaults(field: str) -> dict[str, Any]:
    """What a training config has of a field that it leaves out; nothing where there is no such field."""
    return {field: _all_defaults()[field]} if field in _all_defaults() else {}


def query_digest(query: list[Any]) -> str:
    """Eight letters that are equal where queries are, whatever the order of their keys."""
    text = json.dumps(query, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def saved_as(query: list[Any], project: str, *, action: str | None = None) -> list[Any]:
    """The query with another project to write, and with another ``action`` of its save layer where one is given."""
    changes = {"dst": project} | ({} if action is None else {"action": action, "settings": {}})
    return [layer | changes if issubclass(LAYERS.get(layer["action"], Layer), Sink) else layer for layer in query]


def trial_project(sweep: str, query: list[Any]) -> str:
    """What the project is called that trials of this query share."""
    return f"{sweep}--{query_digest(query)}"


def is_trial_project(project: str, sweep: str) -> bool:
    """Whether it is called as trials of the sweep call theirs."""
    return re.fullmatch(re.escape(sweep) + "--[0-9a-f]{8}", project) is not None
