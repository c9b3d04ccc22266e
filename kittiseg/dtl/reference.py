"""The text of the query language's reference, made from the layers' own classes.

``kittiseg.report.reference`` draws its pictures and writes both to files.
"""

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from kittiseg.config import Doc, json_name, to_json
from kittiseg.dtl.examples import example_layer
from kittiseg.dtl.layer import Layer, Router, Sink, Source
from kittiseg.dtl.layers import LAYERS

_LINE = 118  # letters of a line of JSON

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

## See what a query does

- `kittiseg transform QUERY.json --dry-run` shows what a query would make, without reading a pixel.
- `kittiseg transform QUERY.json --graph QUERY.svg` draws it: each layer with its settings, how many pictures come in
  and leave, and the classes that leave it.
- `kittiseg transform QUERY.json --preview 4 --out sheet.png` sends four pictures through every layer and shows what
  comes out of each.
- `kittiseg lineage PROJECT PICTURE` tells of a picture that was made which source it is of and what each layer drew;
  with `--redo` it makes it again, and compares.

## Write it in an editor that knows the language

`kittiseg schema transform --out transform.schema.json` writes the JSON Schema of queries (`train` and `predict` have
theirs). Editors complete and check by it. In VS Code, in `.vscode/settings.json`:

```json
{
  "json.schemas": [
    {"fileMatch": ["**/transform*.json"], "url": "./transform.schema.json"}
  ]
}
```

What a schema cannot say, such as whether a class is there, `--dry-run` says.

## All layers

"""


_MADE = """
This page is made from the code by `python -m kittiseg.report.reference docs`. The pictures show what the example above
each makes of a small street; areas, lines and points are objects in the colours of their classes.
"""

_KINDS = {Source: "Where pictures come from", Router: "Decisions", Sink: "Where pictures are saved"}


def markdown() -> str:
    """The whole page."""
    return "\n".join([_INTRO + _contents() + _MADE, *(line for action in LAYERS for line in _layer(action))])


def _contents() -> str:
    """Links to the layers, by what they are."""
    lines = []
    for kind in (Source, Layer, Router, Sink):
        actions = [action for action, made in LAYERS.items() if _kind_of(made) is kind]
        title = _KINDS.get(kind, "What is made of them")
        lines.append(f"- {title}: {', '.join(f'[`{action}`](#{action})' for action in actions)}")
    return "\n".join(lines) + "\n"


def _kind_of(made: type[Layer]) -> type[Layer]:
    return next((kind for kind in _KINDS if issubclass(made, kind)), Layer)


def _layer(action: str) -> Iterator[str]:
    made = LAYERS[action]
    yield f"## `{action}`\n"
    yield f"{_documentation(made)}\n"
    rows = list(settings_table(made))
    if rows:
        yield "| setting | type | default | |"
        yield "|---|---|---|---|"
        yield from rows
        yield ""
    yield f"```json\n{_example(action)}\n```\n"
    yield f"![{action}: before and after](dtl/{action}.png)\n"


def _documentation(made: type[Layer]) -> str:
    """The class's docstring as Markdown."""
    text = re.sub(r":\w+:`([^`]+)`", r"`\1`", inspect.cleandoc(made.__doc__ or ""))
    return text.replace("``", "`")


def _example(action: str) -> str:
    """On one line where it fits."""
    layer = example_layer(action)
    line = json.dumps(layer, ensure_ascii=False)
    if len(line) <= _LINE:
        return line
    heads = [f'  "{key}": {json.dumps(layer[key], ensure_ascii=False)}' for key in ("action", "src", "dst")]
    settings = json.dumps(layer["settings"], ensure_ascii=False)
    if len(settings) > _LINE - 14:
        settings = json.dumps(layer["settings"], ensure_ascii=False, indent=2).replace("\n", "\n  ")
    return "{\n" + ",\n".join([", ".join(heads).replace(",   ", ", "), f'  "settings": {settings}']) + "\n}"


def settings_table(made: Any, prefix: str = "") -> Iterator[str]:
    """A line per setting, those of nested settings below their own."""
    hints = get_type_hints(made, include_extras=True)
    for entry in fields(made):
        annotated = hints[entry.name]
        doc = next((meta.text for meta in getattr(annotated, "__metadata__", ()) if isinstance(meta, Doc)), "")
        name = f"{prefix}{json_name(entry.name)}"
        yield f"| `{name}` | {_type(annotated)} | {_default(entry)} | {doc} |".replace(" |  |", " | |")
        for nested in filter(is_dataclass, _parts(annotated)):
            yield from settings_table(nested, f"{name}.")


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
            words.append(_list_type(get_args(part)))
        elif get_origin(part) is dict or is_dataclass(part):
            words.append("object")
        else:
            words.append({int: "whole number", float: "number", str: "text", bool: "true or false"}[part])
    return " or ".join(dict.fromkeys(words)) + _range(annotated)


def _list_type(arguments: tuple[Any, ...]) -> str:
    """``list of texts``, ``list of 3 whole numbers, 0 to 255``."""
    item = arguments[0]
    name, *rest = _type(item).split(",", 1)
    plural = {"text": "texts", "number": "numbers", "whole number": "whole numbers", "object": "objects"}
    count = "" if arguments[-1] is ... else f"{len(arguments)} "
    return f"list of {count}{plural.get(name, name)}" + "".join(f",{words}" for words in rest)


def _range(annotated: Any) -> str:
    """``, 0 to 100``; of a union, that of the part that has one."""
    metadata = getattr(annotated, "__metadata__", ())
    inner = annotated.__origin__ if metadata else annotated
    if words := _bounds(metadata):
        return f", {words}"
    if metadata and hasattr(inner, "__metadata__"):
        return _range(inner)
    parts = () if get_origin(inner) in (tuple, dict) else get_args(inner)
    return next(filter(None, (_range(part) for part in parts if hasattr(part, "__metadata__"))), "")


def _bounds(metadata: tuple[Any, ...]) -> str:
    found = {name: value for bound in metadata for name, value in _limits(bound)}
    low, high = found.get("ge"), found.get("le")
    words = [f"{low} to {high}"] if low is not None and high is not None else []
    if not words:
        words += [f"at least {low}"] if low is not None else [f"above {found['gt']}"] if "gt" in found else []
        words += [f"at most {high}"] if high is not None else [f"below {found['lt']}"] if "lt" in found else []
    words += [f"a multiple of {found['multiple_of']}"] if "multiple_of" in found else []
    least, most = found.get("min_length", 0), found.get("max_length")
    if least and least == most:
        words.append(f"{least} of them")
    elif least:
        words.append("not empty" if least == 1 else f"at least {least} of them")
    return ", ".join(words)


def _limits(bound: Any) -> Iterator[tuple[str, Any]]:
    """What an ``annotated_types`` bound says, name by name; nothing of anything else."""
    for name in ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length"):
        value = getattr(bound, name, None)
        if value is not None:
            yield name, value


def _default(entry: Field[Any]) -> str:
    if entry.default is not MISSING:
        value = entry.default
    elif entry.default_factory is not MISSING:
        value = entry.default_factory()
    else:
        return "required"
    if value is None:
        return ""
    value = list(value) if isinstance(value, tuple) else value
    return f"`{to_json(value) if is_dataclass(value) else value!r}`".replace("'", '"').replace("False", "false")
