"""JSON -> frozen dataclasses, strictly: unknown keys, wrong types and wrong ranges are errors, all found at once.

The only module that knows pydantic. A settings class is a frozen dataclass made by :func:`settings`; ranges are
written with ``annotated_types`` (``Annotated[int, Ge(1)]``), a description of a field as ``Annotated[..., Doc("...")]``.
"""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform

from kittiseg.errors import ConfigError, Problem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Doc:
    """The one-line description of a settings field, for help and for the generated reference."""

    text: str


@dataclass_transform(frozen_default=True, kw_only_default=True)
def settings(cls: type[T]) -> type[T]:
    """A frozen, keyword-only dataclass that :func:`parse` reads strictly. ``__post_init__`` may raise ValueError."""
    made = dataclass(frozen=True, kw_only=True)(cls)
    made.__pydantic_config__ = {"extra": "forbid", "strict": True}  # type: ignore[attr-defined]
    return made


def read_json(path: Path) -> Any:
    """The JSON document in a file; ConfigError with line and column where it is none, or cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    try:
        return json.loads(text, object_pairs_hook=_no_duplicate_keys)
    except ValueError as error:
        raise ConfigError(f"{path}: not valid JSON: {error}") from None


def parse(cls: type[T], document: Any, *, source: str, at: str = "") -> T:
    """``document`` (as json.loads gives it) as a ``cls``; ConfigError with every problem.

    ``at`` is the JSON pointer of ``document`` inside ``source``; it stands before each problem's own pointer.
    """
    made, problems = try_parse(cls, document, at=at)
    if made is None:
        raise ConfigError(source, problems)
    return made


def try_parse(cls: type[T], document: Any, *, at: str = "") -> tuple[T | None, list[Problem]]:
    """As :func:`parse`, but gives the problems back, so that a caller can gather those of several documents."""
    from pydantic import ValidationError

    try:
        return _adapter(cls).validate_json(json.dumps(document)), []  # type: ignore[arg-type]
    except ValidationError as error:
        return None, [_problem(cls, detail, document, at) for detail in error.errors(include_url=False)]


def load(cls: type[T], path: Path) -> T:
    """The settings in a JSON file."""
    return parse(cls, read_json(path), source=str(path))


def to_json(value: Any) -> Any:
    """A settings object as what json.dumps takes; ``parse`` reads it back to an equal object."""
    return _adapter(type(value)).dump_python(value, mode="json")  # type: ignore[arg-type]


def json_schema(cls: type) -> dict[str, Any]:
    """The JSON Schema of a settings class."""
    return _adapter(cls).json_schema()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'crop'?"``, or, where nothing is near, ``"; known: ..."``."""
    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known: {', '.join(choices)}" if choices else ""


def pointer(*steps: str | int) -> str:
    """The JSON pointer (RFC 6901) of a path: ``pointer(8, "settings") == "/8/settings"``."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


@cache
def _adapter(cls: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(cls)


def _no_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise ValueError(f"the key {twice[0]!r} stands twice in one object")
    return made


def _problem(cls: type, detail: Any, document: Any, at: str) -> Problem:
    steps = _steps_in(document, detail["loc"])
    where = at + pointer(*steps)
    if detail["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        word = str(steps[-1])
        return Problem(where, f"unknown key '{word}'{did_you_mean(word, _fields_at(cls, steps[:-1]))}")
    if detail["type"] in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return Problem(where, "is required and missing")
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = message[0].lower() + message[1:]
    if detail["type"] in ("value_error", "assertion_error", "dataclass_type", "model_type"):
        return Problem(where, message)
    return Problem(where, f"{message}, not {json.dumps(detail['input'], default=str)[:80]}")


def _steps_in(document: Any, loc: tuple[str | int, ...]) -> list[str | int]:
    """pydantic's location without the names of union members, which are no part of the document."""
    steps: list[str | int] = []
    here = document
    for index, step in enumerate(loc):
        inside = (isinstance(here, dict) and step in here) or (isinstance(here, list) and isinstance(step, int))
        if inside:
            steps.append(step)
            here = here[step] if isinstance(here, dict) or int(step) < len(here) else None
        elif index == len(loc) - 1 and isinstance(here, dict):
            steps.append(step)
    return steps


def _fields_at(cls: type, steps: list[str | int]) -> set[str]:
    """The keys that the settings class knows at a place, for the nearest right word."""
    schema = json_schema(cls)
    nodes = [schema]
    for step in steps:
        nodes = [found for node in nodes for found in _schema_children(schema, node, step)]
    return {name for node in nodes for branch in _branches(schema, node) for name in branch.get("properties", {})}


def _branches(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in node:
        return _branches(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[-1]])
    options = [*node.get("anyOf", []), *node.get("oneOf", []), *node.get("allOf", [])]
    return [node, *(branch for option in options for branch in _branches(schema, option))]


def _schema_children(schema: dict[str, Any], node: dict[str, Any], step: str | int) -> list[dict[str, Any]]:
    found = []
    for branch in _branches(schema, node):
        if isinstance(step, str) and step in branch.get("properties", {}):
            found.append(branch["properties"][step])
        elif isinstance(step, int) and isinstance(branch.get("items"), dict):
            found.append(branch["items"])
        elif isinstance(step, str) and isinstance(branch.get("additionalProperties"), dict):
            found.append(branch["additionalProperties"])
    return found
