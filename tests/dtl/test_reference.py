import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import pytest
from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from kittiseg.config import Doc, json_name, settings
from kittiseg.dtl.layers import LAYERS
from kittiseg.dtl.reference import markdown, settings_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dtl.md"


def test_the_page_is_what_the_code_says():
    """Whoever changes a layer makes the page anew: python -m kittiseg.report.reference docs."""
    assert PAGE.read_text(encoding="utf-8") == markdown()


def test_every_action_has_a_heading():
    """The table of layers and the page name the same actions, in one order."""
    headings = re.findall(r"^## `(\w+)`$", markdown(), flags=re.MULTILINE)

    assert headings == list(LAYERS)


@pytest.mark.parametrize("action", LAYERS)
def test_every_setting_has_a_row_and_every_action_an_example_and_a_picture(action: str):
    """Nested settings below their own."""
    part = markdown().split(f"## `{action}`\n")[1].split("\n## `")[0]

    assert re.findall(r"^\| `([\w.]+)` \|", part, flags=re.MULTILINE) == list(dict.fromkeys(_names(LAYERS[action])))
    assert f'"action": "{action}"' in part
    assert f"(dtl/{action}.png)" in part


def _names(made: Any, prefix: str = "") -> Iterator[str]:
    hints = get_type_hints(made)
    for entry in fields(made):
        name = f"{prefix}{json_name(entry.name)}"
        yield name
        for part in (hints[entry.name], *get_args(hints[entry.name])):
            if is_dataclass(part):
                yield from _names(part, f"{name}.")


@settings
class Side:
    """A side."""

    px: Annotated[int, Ge(1), Doc("how long")] = 5


@settings
class Everything:
    """Every kind of a setting."""

    share: Annotated[Annotated[float, Gt(0), Le(1)] | None, Doc("a share")] = None
    words: Annotated[tuple[str, ...], MinLen(1), Doc("some words")]
    pair: Annotated[tuple[str, ...], MinLen(2), MaxLen(2), Doc("two words")]
    color: Annotated[tuple[Annotated[int, Ge(0), Le(255)], Annotated[int, Ge(0)], int], Doc("a colour")]
    way: Annotated[Literal["up", "down"] | Side, Doc("where")] = "up"
    flag: Annotated[bool, Doc("whether")] = False


def test_types_and_ranges_are_told_in_words():
    """Unions, ranges, lists, choices, and settings inside settings."""
    assert list(settings_table(Everything)) == [
        "| `share` | number, above 0, at most 1 | | a share |",
        "| `words` | list of texts, not empty | required | some words |",
        "| `pair` | list of texts, 2 of them | required | two words |",
        "| `color` | list of 3 whole numbers, 0 to 255 | required | a colour |",
        '| `way` | `"up"` or `"down"` or object | `"up"` | where |',
        "| `way.px` | whole number, at least 1 | `5` | how long |",
        "| `flag` | true or false | `false` | whether |",
    ]
