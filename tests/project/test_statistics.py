"""Counts and areas of a project."""

import pickle
from dataclasses import replace

import pytest

from kittiseg.project.annotation import Figure, Tag
from kittiseg.project.geometry import Size
from kittiseg.project.shapes import Rectangle
from kittiseg.project.statistics import PictureStatistics, combine, picture_statistics
from kittiseg.project.store import Project, Workspace
from tests.data.projects import SMALL, annotation_of, line, meta_of, small_project, square, write_project

META = meta_of({"road": "bitmap", "sign": "rectangle", "car": "bitmap", "lane": "line"}, tags=("day", "night"))


@pytest.fixture
def project(workspace: Workspace) -> Project:
    """Two pictures of 48 px and one of 100: 9 + 4 px of cars, of which 4 overlap, 2.5 px of sign, a lane."""
    large = Size(height=10, width=10)
    tagged = annotation_of(
        [("car", square(top=0, left=0, side=3)), ("car", square(top=0, left=0, side=2))], tags=("day",)
    )
    parked = replace(tagged.figures[0], tags=(Tag("night"),))
    pictures = {
        "a/1.png": replace(tagged, figures=(parked, tagged.figures[1])),
        "a/2.png": annotation_of({"lane": line((0, 0), (4, 4))}),
        "b/1.png": annotation_of([("sign", Rectangle(0, 0, 2.5, 1))], size=large, tags=("day",)),
    }
    return write_project(workspace, "P", pictures, meta=META)


def counts_of(project: Project) -> list[PictureStatistics]:
    keys = project.keys()
    return [picture_statistics(project, key) for key in keys]


def test_a_picture_counts_objects_and_area_by_class(project: Project) -> None:
    """Overlaps are not resolved: both objects count."""
    counts = picture_statistics(project, project.keys()[0])
    assert counts.objects == {"car": 2}
    assert counts.area_px == {"car": 13}
    assert counts.size == SMALL
    assert counts.tags == {"day"}


def test_the_json_of_a_project(project: Project) -> None:
    """Classes by area, those never seen with zeros; percent of all pixels; tags and sizes with their pictures."""
    document = combine(project, counts_of(project)).to_json()

    assert document["project"] == "P"
    assert document["images"] == 3
    assert document["datasets"] == {"a": 2, "b": 1}
    assert document["tags"] == {"day": 2, "night": 0}
    assert document["object_tags"] == {"night": 1}
    assert document["sizes"] == [{"width": 8, "height": 6, "images": 2}, {"width": 10, "height": 10, "images": 1}]
    assert document["classes"] == [
        {"name": "car", "images": 1, "objects": 2, "area_px": 13, "area_percent": pytest.approx(100 * 13 / 196)},
        {"name": "sign", "images": 1, "objects": 1, "area_px": 2, "area_percent": pytest.approx(100 * 2.5 / 196)},
        {"name": "road", "images": 0, "objects": 0, "area_px": 0, "area_percent": 0},
        {"name": "lane", "images": 1, "objects": 1, "area_px": 0, "area_percent": 0},
    ]


def test_the_order_of_the_pictures_does_not_matter(project: Project) -> None:
    """They come as workers finish."""
    counts = counts_of(project)
    assert combine(project, counts) == combine(project, reversed(counts))


def test_counts_travel_between_workers(project: Project) -> None:
    """A picture's counts survive pickling."""
    counts = picture_statistics(project, project.keys()[0])
    assert pickle.loads(pickle.dumps(counts)) == counts


def test_pictures_are_not_opened(workspace: Workspace) -> None:
    """Their files may even be missing."""
    project = small_project(workspace, count=1)
    (key,) = project.keys()
    project.files.remove(f"{key.dataset}/img/{key.name}")
    assert picture_statistics(project, key).objects == {"road": 1, "car": 1}


def test_a_project_without_pictures_has_no_area(workspace: Workspace) -> None:
    """And no division by zero."""
    statistics = combine(write_project(workspace, "empty", {}, meta=META), [])
    assert statistics.images == 0
    assert [entry.area_percent for entry in statistics.classes] == [0, 0, 0, 0]


def test_areas_are_those_of_the_shapes(project: Project) -> None:
    """What a figure says of itself, whatever it is."""
    figure = Figure("sign", Rectangle(0, 0, 2.5, 1))
    assert picture_statistics(project, project.keys()[2]).area_px == {"sign": figure.shape.area}
