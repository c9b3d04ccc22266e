"""Which windows need no network: what the settings come to."""

import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.errors import ConfigError
from kittiseg.inference.skip import Coarse, Skip, Skipping, is_plain, plan_skipping
from kittiseg.project.geometry import Size, Window
from kittiseg.project.vectors import Rectangle
from tests.data.projects import annotation_of, meta_of

META = meta_of({"field": "polygon", "car": "bitmap"})
SOURCE = annotation_of({"field": Rectangle(1, 1, 2, 2), "car": Rectangle(6, 1, 7, 2)}, size=Size(height=4, width=9))


def planned(**fields: Any) -> Skipping | None:
    return plan_skipping(parse(Skip, fields, source="a test"), META, background=2, source="infer.json")


def touched(skipping: Skipping | None) -> list[int]:
    """Columns of the picture that are inside."""
    assert skipping is not None
    sieve = pickle.loads(pickle.dumps(skipping)).sieve(SOURCE, io.BytesIO, name="a.png")
    assert sieve.inside is not None
    assert sieve.leaves_gaps
    return [left for left in range(9) if sieve.inside.touch(Window(top=0, left=left, height=4, width=1))]


def test_by_default_nothing_is_skipped():
    """Then nothing need be known, and nothing costs."""
    assert planned() is None
    assert plan_skipping(None, META, background=0, source="infer.json") is None


def test_objects_of_the_classes_are_inside():
    """Those of the picture's own annotation; an edge touches both its sides."""
    assert touched(planned(inside={"objects": ["field"]})) == [0, 1, 2]
    assert touched(planned(inside={"objects": ["field", "car"]})) == [0, 1, 2, 5, 6, 7]


def test_polygons_of_a_file_are_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its path begins at the working directory; it is read once, and need not be there for the workers."""
    polygon = {"type": "Polygon", "coordinates": [[[3.2, 0], [3.8, 0], [3.8, 1], [3.2, 0]]]}
    (tmp_path / "areas.geojson").write_text(json.dumps(polygon))
    monkeypatch.chdir(tmp_path)
    skipping = planned(inside={"geojson": "areas.geojson"})
    (tmp_path / "areas.geojson").unlink()

    assert touched(skipping) == [3]


def test_the_other_settings_are_taken_over():
    """The first pass leaves no gaps."""
    skipping = planned(coarse={"below": 0.2})
    assert skipping is not None
    sieve = skipping.sieve(SOURCE, io.BytesIO, name="a.png")

    assert (sieve.plain, sieve.inside, sieve.coarse, sieve.background) == (False, None, Coarse(factor=4, below=0.2), 2)
    assert not sieve.leaves_gaps


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, r"no file 'areas\.geojson'; relative paths begin at /"),
        ("{", r"areas\.geojson: not valid JSON: "),
        ("{}", r"areas\.geojson: no GeoJSON of polygons: wanted Polygon and MultiPolygon, got None"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_of_the_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, problem: str
):
    """With the place that names it."""
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "areas.geojson").write_text(text)

    with pytest.raises(ConfigError, match=rf"infer\.json: 1 problem\n  /mode/skip/inside/geojson: {problem}"):
        planned(inside={"geojson": "areas.geojson"})


def test_a_class_that_the_project_lacks_is_a_problem_of_the_config():
    """With the nearest one that it has."""
    with pytest.raises(ConfigError, match=r"/mode/skip/inside/objects/1: 'cra' is no class .*did you mean 'car'"):
        planned(inside={"objects": ["field", "cra"]})


def test_a_picture_of_one_colour_is_plain():
    """One pixel in any of its channels is enough to make it another."""
    image_hwc = np.full((3, 4, 3), (1, 2, 3), np.uint8)
    assert is_plain(image_hwc)
    for place in np.ndindex(image_hwc.shape):
        other_hwc = image_hwc.copy()
        other_hwc[place] += 1
        assert not is_plain(other_hwc)
