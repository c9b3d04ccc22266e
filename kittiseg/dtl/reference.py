"""The reference of the query language, made from the layers' own classes: ``python -m kittiseg.dtl.reference``."""

import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from kittiseg.config import Doc, json_name, to_json
from kittiseg.dtl.layers import LAYERS

_INTRO = """# The query language

A query is a JSON list of layers. Each has an `action`, reads the names in `src`, writes the name in `dst`, and has
`settings`:

```json
{"action": "flip", "src": ["$sample"], "dst": "$mirrored", "settings": {"axis": "vertical"}}
```

- Names begin with `$`. Reading a name that several layers write joins their pictures; several layers may read one name,
  and each gets all of it. What is written to `null`, or to a name that nobody reads, is gone.
- A query begins with at least one `data` layer and ends in exactly one save layer (`supervisely`), whose `dst` is the
  new project. It has no loop. Layers may stand in any order.
- Classes and tags are followed through the graph before a picture is read, and everything that is wrong with a query is
  reported at once, each problem with its JSON pointer.
- Draws are addressed by the seed, the picture's name and its way through the graph: the same pictures come out on any
  number of workers and on any machine, and a picture and its mirror image draw different crops.
- The new pictures are called after their source and what made them: `000000_10_flipv_m3.png`.
- `kittiseg transform QUERY.json --dry-run` shows what a query would make, without reading a pixel.

This page is made from the code by `python -m kittiseg.dtl.reference > docs/dtl.md`.
"""


def markdown() -> str:
    """The whole page."""
    return "\n".join([_INTRO, *(line for action in LAYERS for line in _layer(action))])


def _layer(action: str) -> Iterator[str]:
    made = LAYERS[action]
    yield f"## `{action}`\n"
    yield f"{(made.__doc__ or '').strip().replace('``', '`')}\n"
    rows = list(_rows(made, ""))
    if rows:
        yield "| setting | type | default | |"
        yield "|---|---|---|---|"
        yield from rows
        yield ""


def _rows(made: Any, prefix: str) -> Iterator[str]:
    """A line per setting, those of nested settings below their own."""
    hints = get_type_hints(made, include_extras=True)
    for entry in fields(made):
        annotated = hints[entry.name]
        doc = next((meta.text for meta in getattr(annotated, "__metadata__", ()) if isinstance(meta, Doc)), "")
        name = f"{prefix}{json_name(entry.name)}"
        yield f"| `{name}` | {_type(annotated)} | {_default(entry)} | {doc} |".replace(" |  |", " | |")
        for nested in filter(is_dataclass, _parts(annotated)):
            yield from _rows(nested, f"{name}.")


def _parts(annotated: Any) -> list[Any]:
    """The types in an annotation, unions and ranges taken apart; tuples and dicts stay."""
    if hasattr(annotated, "__metadata__"):
        return _parts(annotated.__origin__)
    if get_origin(annotated) in (None, tuple, dict):
        return [annotated]
    arguments = get_args(annotated)
    return [annotated] if str(annotated).startswith("typing.Literal") else [p for a in arguments for p in _parts(a)]


def _type(annotated: Any) -> str:
    words = []
    for part in _parts(annotated):
        if part is type(None):
            continue
        if str(part).startswith("typing.Literal"):
            words += [f"`{value!r}`".replace("'", '"') for value in get_args(part)]
        elif get_origin(part) is tuple:
            words.append("list")
        elif get_origin(part) is dict or is_dataclass(part):
            words.append("object")
        else:
            words.append({int: "whole number", float: "number", str: "text", bool: "true or false"}[part])
    return " or ".join(dict.fromkeys(words)) + _range(annotated)


def _range(annotated: Any) -> str:
    """``, 0 to 100``; of a union, that of the part that has one."""
    metadata = getattr(annotated, "__metadata__", ())
    bounds = {type(meta).__name__: meta for meta in metadata}
    low = getattr(bounds.get("Ge"), "ge", None)
    high = getattr(bounds.get("Le"), "le", None)
    if low is None and high is None:
        inner = annotated.__origin__ if metadata else annotated
        found = [_range(part) for part in get_args(inner) if hasattr(part, "__metadata__")] if get_args(inner) else []
        return next(filter(None, found), "") or (_range(inner) if metadata and hasattr(inner, "__metadata__") else "")
    return f", {low} to {high}" if high is not None else f", at least {low}"


def _default(entry: Field[Any]) -> str:
    if entry.default is not MISSING:
        value = entry.default
    elif entry.default_factory is not MISSING:
        value = entry.default_factory()
    else:
        return "required"
    if value is None:
        return ""
    return f"`{to_json(value) if is_dataclass(value) else value!r}`".replace("'", '"').replace("False", "false")


if __name__ == "__main__":
    sys.stdout.write(markdown())
