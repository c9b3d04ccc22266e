"""Recipes instead of pictures."""

from typing import Any

import pytest

from kittiseg.dtl import compile_graph
from kittiseg.dtl.layers.recipe import Recipe
from kittiseg.errors import ConfigError
from tests.data.programs import DATA, META, RANDOM_CROP, layer

NOISE = {"mean": 0, "std": 5}


def _compile(*layers: tuple[Any, ...], dst: str = "out") -> None:
    document = [*(layer(*each) for each in (DATA, *layers)), layer("recipe", "$out", dst)]
    compile_graph(document, {"source": META}, seed=0, source="q")


def test_takes_windows_and_mirrors():
    assert Recipe().layout.kind == "recipe"
    _compile(("flip", "$in", "$m", {"axis": "vertical"}), ("crop", ["$in", "$m"], "$out", RANDOM_CROP))


def test_layers_that_change_pixels_are_refused_at_once():
    """Each of them that leads to the recipe; others may do what they want."""
    with pytest.raises(ConfigError, match=r"/1/action: 'noise' changes pixels(.|\n)*'supervisely'") as caught:
        _compile(
            ("noise", "$in", "$n", NOISE),
            ("crop", "$n", "$out", RANDOM_CROP),
            ("noise", "$in", "$elsewhere", NOISE),
        )

    assert [problem.pointer for problem in caught.value.problems] == ["/1/action"]


def test_a_recipe_does_not_replace_its_source():
    with pytest.raises(ConfigError, match="recipes cannot replace the project that they are of"):
        _compile(("dummy", "$in", "$out"), dst="source")
