import base64
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from kittiseg.project.geometry import Size
from kittiseg.project.statistics import combine, picture_statistics
from kittiseg.project.store import Workspace
from kittiseg.report.collect import prediction_section, project_section
from kittiseg.report.page import build_report, data_uri
from kittiseg.report.sections import Example, Extremes, ModelSection, ProjectSection, Section
from kittiseg.report.sweep_collect import sweep_section
from tests.data.histories import history_of
from tests.data.projects import meta_of, small_project
from tests.data.queries import diamond_query
from tests.data.sweeps import write_sweep

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of headings."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._open = tag
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in ("h1", "h2", "h3"):
            self.headings[-1] += data.strip()

    def count(self) -> Counter[str]:
        return Counter(tag for tag, _ in self.found)


def sections(workspace: Workspace) -> list[Section]:
    """A project that a query made, a model, predictions with a truth, and a sweep."""
    project = small_project(workspace, size=Size(height=20, width=30))
    keys = project.keys()
    statistics = combine(project, [picture_statistics(project, key) for key in keys]).to_json()
    made = project_section(workspace, "small", statistics)
    evaluation = {
        "images": 3,
        "classes": {"car": {"iou": 0.5, "dice": 0.667, "precision": 0.8, "recall": 0.6}},
        "mean_iou": 0.5,
        "pictures": [{"dataset": "training", "name": "000000_10.png", "classes": {"car": {"iou": 0.4}}}],
    }
    examples = [Example(example.name, example.pictures * 3) for example in made.examples]
    write_sweep(workspace, trials=3)
    commands = ("kittiseg train sweeps/widths/best/train.json --project widths-best --name widths-again",)
    extremes = Extremes(worst=examples[:1], best=examples[1:], colors=made.meta.colors)
    return [
        ProjectSection(
            name=made.name, statistics=statistics, meta=made.meta, query=diamond_query(), examples=made.examples
        ),
        ModelSection(name="unet", config={"lr": 0.001}, history=history_of(4), best=2, chosen=3, extremes=extremes),
        prediction_section(workspace, "small", evaluation=evaluation),
        replace(sweep_section(workspace, "widths"), commands=commands),
    ]


@pytest.fixture
def page(workspace: Workspace) -> str:
    return build_report(sections(workspace), title="Three & more")


def test_one_report_is_the_same_text_every_time(page: str, tmp_path: Path):
    """A report can be compared with an older one."""
    assert build_report(sections(Workspace.at(tmp_path / "other")), title="Three & more") == page


def test_the_page_needs_nothing_beside_itself(page: str):
    """Every address is data inside the page or a place in it; no script, font or style is fetched."""
    addresses = [
        value or ""
        for _, attributes in Elements(page).found
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster")
    ]

    assert addresses
    assert all(address.startswith(("data:image/jpeg;base64,", "#")) for address in addresses)
    assert not re.search(r"@import|url\((?!#)", page)


def test_every_place_that_is_pointed_to_is_there_once(page: str):
    """The table of contents leads somewhere, and no id is given twice."""
    found = Elements(page).found
    ids = Counter(attributes["id"] for _, attributes in found if "id" in attributes)
    targets = {attributes["href"] for tag, attributes in found if tag == "a"}

    assert set(ids.values()) == {1}
    assert {str(target)[1:] for target in targets} <= ids.keys()


def test_every_picture_can_be_heard(page: str):
    """Pictures and charts have a text; the enlarged picture gets its own when it is shown."""
    found = Elements(page).found
    pictures = [attributes for tag, attributes in found if tag == "img" and "src" in attributes]

    assert len(pictures) == 3 + 9 + 6
    assert all(attributes["alt"] for attributes in pictures)
    assert all(attributes.get("aria-label") for tag, attributes in found if tag == "svg")


def test_every_slider_has_a_label_and_waits_for_its_script(page: str):
    """Without one, picture and prediction stand beside one another, and nothing is there that cannot be moved."""
    found = Elements(page).found
    ranges = [attributes for tag, attributes in found if tag == "input"]
    around = [attributes for tag, attributes in found if attributes.get("class") == "slide"]

    assert [attributes["type"] for attributes in ranges] == ["range"] * 3
    assert ranges[0]["aria-label"] == "000000_10.png: picture or prediction"
    assert len(around) == 3
    assert all("hidden" in attributes for attributes in around)


def test_names_cannot_break_the_page():
    """A project may be called as it likes."""
    page = build_report([ProjectSection(name="<script>alert(1)</script>", statistics={}, meta=meta_of({}))])

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_large_picture_is_made_small():
    """900 px are enough to look at."""
    image_hwc = np.random.default_rng(0).integers(0, 256, (400, 1800, 3), np.uint8)

    data = base64.b64decode(data_uri(image_hwc).removeprefix("data:image/jpeg;base64,"))

    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (200, 900, 3)


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.parametrize("width", [420, 1280])
def test_the_page_opens_in_a_browser(page: str, tmp_path: Path, width: int):
    """Chromium has all headings, charts and pictures; nothing is wider than the window, every picture is decoded."""
    check = (
        "<script>addEventListener('load',()=>{const d=document.documentElement;"
        "d.dataset.fits=d.scrollWidth<=innerWidth;"
        "d.dataset.decoded=[...document.querySelectorAll('.enlarge img')].filter(i=>i.naturalWidth>0).length;"
        "const s=document.querySelector('.slide input');s.value=30;s.dispatchEvent(new Event('input'));"
        "const [a,b]=[...document.querySelectorAll('.compare .enlarge')].map(e=>e.getBoundingClientRect());"
        "d.dataset.over=[a.x-b.x,a.y-b.y,a.width-b.width];d.dataset.slid=getComputedStyle(document.querySelectorAll("
        "'.compare .enlarge')[1]).clipPath+s.getAttribute('aria-valuetext')+s.checkVisibility();"
        "document.querySelector('.enlarge').click();d.dataset.opened=document.getElementById('large').open})</script>"
    )
    report = tmp_path / "report.html"
    report.write_text(page.replace("</body>", check + "</body>"), encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},2000"]
    options = [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", report.as_uri()]

    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120, check=True)

    elements = Elements(done.stdout)
    html = next(attributes for tag, attributes in elements.found if tag == "html")
    assert elements.headings[0] == "Three & more"
    assert {"Classes", "Query", "Loss", "Metrics", "Checkpoints", "Evaluation", "Predictions"} <= set(elements.headings)
    assert {"Parallel coordinates", "Learning curves", "Trials", "Go on with the best"} <= set(elements.headings)
    assert {"Learning rate", "Throughput", "Worst validation pictures"} <= set(elements.headings)
    assert elements.count()["svg"] == 10
    assert (html["data-decoded"], html["data-fits"], html["data-opened"]) == ("18", "true", "true")
    assert html["data-over"] == "0,0,0"
    assert html["data-slid"] == "inset(0px 0px 0px 30%)30 % picture, 70 % predictiontrue"
