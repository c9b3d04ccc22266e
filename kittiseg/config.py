"""JSON -> frozen dataclasses, strictly: unknown keys, wrong types and wrong ranges are errors, all found at once.

The only module that knows pydantic. A settings class is a frozen dataclass made by :func:`settings`; ranges are
written with ``annotated_types`` (``Annotated[int, Ge(1)]``), a field's description as ``Annotated[..., Doc("...")]``.
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
    """The one-line description of a settings field, for help, for the generated reference, and for editors."""

    text: str

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> Any:
        return {**handler(core), "description": self.text}


@dataclass(frozen=True, slots=True)
class OneOf:
    """Stands in ``Annotated[A | B, OneOf("kind")]``: the field ``kind``, a Literal in each, says which class it is."""

    field: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic import Discriminator

        return Discriminator(self.field).__get_pydantic_core_schema__(source, handler)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Stands in ``Annotated[Literal[...], Wanted("a or b, since ...")]``: in place of the list of words in an error."""

    text: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core.core_schema import custom_error_schema

        return custom_error_schema(handler(source), "wanted", custom_error_message=f"Input should be {self.text}")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def settings(cls: type[T]) -> type[T]:
    """A frozen, keyword-only dataclass that :func:`parse` reads strictly. ``__post_init__`` may raise ValueError."""
    made = dataclass(frozen=True, kw_only=True)(cls)
    made.__pydantic_config__ = {  # type: ignore[attr-defined]
        "extra": "forbid",
        "strict": True,
        "allow_inf_nan": False,
        "alias_generator": json_name,
    }
    return made


def json_name(field: str) -> str:
    """A field's name in JSON: ``class_`` is written ``class``, which Python keeps for itself."""
    return field.removesuffix("_")


def read_json(path: Path) -> Any:
    """The JSON document in a file; ConfigError with line and column where it is none, or cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors put a byte order mark first
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    try:
        document = json.loads(text, object_pairs_hook=_no_duplicate_keys, parse_constant=_no_constant)
        json.dumps(document, ensure_ascii=False).encode()  # refuses half characters, which no file name can have
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid JSON: {error}") from None
    return document


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
        details = error.errors(include_url=False)
    found = _nearest([(_path(document, detail), detail) for detail in details], depth=0)
    problems = [_problem(cls, path, detail, at) for path, detail in found]
    return None, list(dict.fromkeys(problems))


def load(cls: type[T], path: Path) -> T:
    """The settings in a JSON file."""
    return parse(cls, read_json(path), source=str(path))


def to_json(value: Any) -> Any:
    """A settings object as what json.dumps takes; ``parse`` reads it back to an equal object."""
    return _adapter(type(value)).dump_python(value, mode="json", by_alias=True)  # type: ignore[arg-type]


def json_schema(cls: type) -> dict[str, Any]:
    """The JSON Schema of a settings class, with each field's description."""
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


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


@dataclass(frozen=True, slots=True)
class _Label:
    """The name of a union's member in pydantic's locations; no part of the document."""

    name: str


_Path = tuple["str | int | _Label", ...]
_Found = tuple[_Path, Any]  # where, and pydantic's detail
_MISSING = ("missing", "missing_argument", "missing_keyword_only_argument")
_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")


def _path(document: Any, detail: Any) -> _Path:
    """pydantic's location, its steps told from its labels by what the document holds there."""
    path: list[str | int | _Label] = []
    here = document
    for index, step in enumerate(detail["loc"]):
        absent = detail["type"] in _MISSING and index == len(detail["loc"]) - 1
        if absent or (isinstance(here, dict) and step in here) or (isinstance(here, list) and isinstance(step, int)):
            path.append(step)
            here = here[step] if not absent else None
        else:
            path.append(_Label(str(step)))
    return tuple(path)


def _nearest(found: list[_Found], *, depth: int) -> list[_Found]:
    """What is worth telling of all that is wrong below one place: of a union's members, the one that was meant."""
    steps = dict.fromkeys(path[depth] for path, _ in found if len(path) > depth)
    below = {
        step: _nearest([one for one in found if one[0][depth : depth + 1] == (step,)], depth=depth + 1)
        for step in steps
    }
    here = [one for one in found if len(one[0]) == depth]
    members = [below.pop(step) for step in steps if isinstance(step, _Label)]
    return [*here, *_meant(members, depth=depth + 1), *(one for inside in below.values() for one in inside)]


def _meant(members: list[list[_Found]], *, depth: int) -> list[_Found]:
    """The problems of the member whose kind of value and Literal fields fit; all members' wishes where none does."""
    if len(members) < 2:
        return members[0] if members else []
    fitting = [member for member in members if not all(_is_kind(one, depth) for one in member)]
    if not fitting:
        return _either(members)
    wrong_words = [[one for one in member if _is_literal(one, depth + 1)] for member in fitting]
    if set.intersection(*({path[-1] for path, _ in words} for words in wrong_words)):
        return _either(wrong_words)
    right = [member for member, words in zip(fitting, wrong_words, strict=True) if not words]
    return min(right or fitting, key=len)


def _is_kind(found: _Found, depth: int) -> bool:
    """Whether the value at this depth is of another kind, or another word, than was wanted."""
    path, detail = found
    return _is_literal(found, depth) or (len(path) == depth and detail["type"].endswith("_type"))


def _is_literal(found: _Found, depth: int) -> bool:
    path, detail = found
    return len(path) == depth and detail["type"] == "literal_error"


def _either(members: list[list[_Found]]) -> list[_Found]:
    """One problem out of several that say "Input should be ..." of the same value."""
    wishes = dict.fromkeys(detail["msg"].removeprefix("Input should be ") for member in members for _, detail in member)
    path, detail = members[0][0]
    return [(path, {**detail, "msg": f"Input should be {' or '.join(wishes)}"})]


def _problem(cls: type, path: _Path, detail: Any, at: str) -> Problem:
    where = at + pointer(*(step for step in path if not isinstance(step, _Label)))
    kind, message = detail["type"], detail["msg"]
    if kind in _UNKNOWN:
        word = str(path[-1])
        return Problem(where, f"unknown key '{word}'{did_you_mean(word, _fields_at(cls, path[:-1]))}")
    if kind in _MISSING:
        return Problem(where, "is required and missing")
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _tag_problem(detail, where)
    if kind in ("value_error", "assertion_error"):
        return Problem(where, message.removeprefix("Value error, ").removeprefix("Assertion failed, "))
    if kind in ("too_short", "too_long"):
        return Problem(where, _wrong_length(**detail["ctx"]))
    message = message[0].lower() + message[1:]
    return Problem(where, message if ", not " in message else f"{message}, not {_shown(detail['input'])}")


def _wrong_length(
    *, actual_length: int, min_length: int | None = None, max_length: int | None = None, field_type: str
) -> str:
    if min_length == 1:
        return "is empty; give at least one"
    wanted = f"at least {min_length}" if max_length is None else f"at most {max_length}"
    return f"{field_type.lower()} should have {wanted} items, not {actual_length}"


def _tag_problem(detail: Any, where: str) -> Problem:
    """A union's :class:`OneOf` field is missing, or names no class of the union."""
    where += pointer(detail["ctx"]["discriminator"].split(" | ")[-1].strip("'"))  # the field's name | that in JSON
    if detail["type"] == "union_tag_not_found":
        return Problem(where, "is required and missing")
    known = [word.strip("'") for word in detail["ctx"]["expected_tags"].split(", ")]
    word = detail["ctx"]["tag"]
    return Problem(where, f"'{word}' is not known{did_you_mean(word, known)}")


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _fields_at(cls: type, path: _Path) -> set[str]:
    """The keys that the settings class knows at a place, for the nearest right word."""
    schema = json_schema(cls)
    branches = _branches(schema, schema)
    for step in path:
        if isinstance(step, _Label):
            branches = [branch for branch in branches if _is_called(branch, step.name)] or branches
        else:
            children = [child for branch in branches for child in _children(branch, step)]
            branches = [branch for child in children for branch in _branches(schema, child)]
    return {name for branch in branches for name in branch.get("properties", {})}


def _branches(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in node:
        return _branches(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[-1]])
    options = [*node.get("anyOf", []), *node.get("oneOf", []), *node.get("allOf", [])]
    return [node, *(branch for option in options for branch in _branches(schema, option))]


def _is_called(branch: dict[str, Any], label: str) -> bool:
    """A union's member is called by its class, or by the word that a :class:`OneOf` field has in it."""
    fields = branch.get("properties", {}).values()
    return branch.get("title") == label or any(
        label in (field.get("const"), *field.get("enum", ())) for field in fields
    )


def _children(branch: dict[str, Any], step: str | int) -> list[dict[str, Any]]:
    if isinstance(step, str):
        candidates = [branch.get("properties", {}).get(step), branch.get("additionalProperties")]
    else:
        candidates = [*branch.get("prefixItems", ())[step : step + 1], branch.get("items")]
    return [candidate for candidate in candidates if isinstance(candidate, dict)][:1]
