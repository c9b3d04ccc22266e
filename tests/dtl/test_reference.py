from pathlib import Path

from kittiseg.dtl.layers import LAYERS
from kittiseg.dtl.reference import markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dtl.md"


def test_the_page_is_what_the_code_says():
    """Whoever changes a layer makes the page anew: python -m kittiseg.dtl.reference > docs/dtl.md."""
    assert PAGE.read_text(encoding="utf-8") == markdown()


def test_every_action_has_a_heading():
    """The table of layers and the page name the same actions, in one order."""
    headings = [line.strip("# `") for line in markdown().splitlines() if line.startswith("## ")]

    assert headings == list(LAYERS)
