"""Sections -> one HTML page that needs nothing beside itself: styles, charts and pictures are inside."""

import base64
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from markupsafe import Markup

from kittiseg import __version__
from kittiseg.project.geometry import Size
from kittiseg.report.colors import hexadecimal
from kittiseg.report.overlay import fit
from kittiseg.report.sections import Section
from kittiseg.report.views import view_of

if TYPE_CHECKING:
    from jinja2 import Environment

LARGEST_PICTURE = Size(height=600, width=900)


def build_report(sections: Sequence[Section], *, title: str = "Report") -> str:
    """The page's HTML. The same sections give the same text: it has no dates and no random ids."""
    views = [view_of(section) for section in sections]
    return _environment().get_template("page.html.j2").render(views=views, title=title, version=__version__)


def data_uri(image_hwc: np.ndarray) -> str:
    """The picture as a JPEG inside a URI, at most 900 x 600 px."""
    bgr = cv2.cvtColor(fit(image_hwc, LARGEST_PICTURE), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 82])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("kittiseg.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"data_uri": data_uri, "hexadecimal": hexadecimal, "svg": Markup}
    return environment
