"""A matplotlib figure as an SVG element that stands inside a page: the same figure gives the same bytes."""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

from kittiseg.report.colors import INK, MUTED, RULE, themed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "kittiseg",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.color": RULE,
    "ytick.labelcolor": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}


@contextmanager
def new_figure(*, width: float, height: float, math: bool = True) -> Iterator["Figure"]:
    """A figure of so many inches in the page's style; it must be turned into SVG before the block ends.

    Without ``math``, words between dollar signs are words, and no formulas.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({**_STYLE, "text.parse_math": math}):
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.patch.set_visible(False)
        yield figure


def to_svg(figure: "Figure", *, label: str) -> str:
    """The figure as an ``<svg>`` element with the label as its text for those who cannot see it.

    Without prolog, dates and absolute size; its ids begin with a word made of its content, so that several stand in
    one page.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.StringIO()
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = stream.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = _with_own_ids(text)
    text = text.replace("'DejaVu Sans'", "system-ui").replace(", sans-serif'", ", sans-serif")
    box = re.search(r'viewBox="[^"]*"', text)
    assert box is not None  # matplotlib writes one
    head = f'<svg {box[0]} role="img" aria-label="{escape(label)}" xmlns="http://www.w3.org/2000/svg"'
    return themed(head + ' xmlns:xlink="http://www.w3.org/1999/xlink">' + text[text.index(">") + 1 :].strip())


def _with_own_ids(text: str) -> str:
    """Ids that nothing refers to go; the others get a prefix."""
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    prefix = "c" + hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
    text = re.sub(r' id="([^"]+)"', lambda found: f' id="{prefix}{found[1]}"' if found[1] in used else "", text)
    return re.sub(r'(href="|url\()#', rf"\1#{prefix}", text)
