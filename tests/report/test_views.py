import numpy as np
import pytest

from kittiseg.report.blocks import Gallery, Table, View
from kittiseg.report.sections import Example, Picture, PredictionSection, ProjectSection
from kittiseg.report.views import most_frequent, picture_iou, view_of
from tests.data.projects import meta_of
from tests.data.queries import diamond_query


def table(view: View, title: str) -> Table:
    found = next(block for block in view.blocks if block.title == title)
    assert isinstance(found, Table)
    return found


def test_classes_without_objects_are_told_in_a_note():
    """34 classes, of which a data set has a few, make no long table of zeros."""
    classes = [
        {"name": "road", "images": 1, "objects": 1, "area_px": 10, "area_percent": 20.0},
        {"name": "car", "images": 1, "objects": 2, "area_px": 20, "area_percent": 40.0},
        {"name": "bus", "images": 0, "objects": 0, "area_px": 0, "area_percent": 0.0},
    ]
    meta = meta_of({"road": "bitmap", "car": "bitmap", "bus": "bitmap"})
    section = ProjectSection(name="p", statistics={"images": 1, "classes": classes}, meta=meta)

    found = table(view_of(section), "Classes")

    assert [row[0].text for row in found.rows] == ["car", "road"]
    assert found.note == "1 class without objects: bus."


def test_a_project_that_no_query_made_has_no_graph():
    """An imported project and one that was transformed."""
    imported = ProjectSection(name="p", statistics={}, meta=meta_of({}))
    made = ProjectSection(name="p", statistics={}, meta=meta_of({}), query=diamond_query())

    assert [block.title for block in view_of(imported).blocks] == []
    assert [block.title for block in view_of(made).blocks] == ["Query"]


def test_predictions_without_truth_have_no_evaluation():
    """Test pictures have no masks."""
    evaluation = {"images": 1, "classes": {"car": {"iou": 0.5, "dice": 2 / 3, "precision": None, "recall": 1.0}}}
    bare = PredictionSection(name="p", model="m", examples=[])
    evaluated = PredictionSection(name="p", model="m", examples=[], evaluation=evaluation)

    assert view_of(bare).blocks == []
    assert [cell.text for cell in table(view_of(evaluated), "Evaluation").rows[0]] == [
        "car", "0.500", "0.667", "–", "1.000",  # noqa: RUF001
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("evaluation", "told"),
    [
        (None, "Drag across"),
        ({"images": 1, "classes": {}}, "The worst first. Drag across"),
        ({"images": 200, "classes": {}}, "1 of 200 pictures, from the worst to the best. Drag across"),
    ],
)
def test_it_is_told_how_predictions_are_chosen(evaluation: dict | None, told: str):
    """Where their scores decide. What lies over one another takes the place of one picture."""
    pair = Example("a.png", tuple(Picture(name, np.zeros((4, 9, 3), np.uint8)) for name in "pq"), slides=True)
    section = PredictionSection(name="p", model="m", examples=[pair], evaluation=evaluation)

    gallery = next(block for block in view_of(section).blocks if isinstance(block, Gallery))

    assert gallery.caption.startswith(told)
    assert (gallery.single, gallery.slides, gallery.oblong) == (True, True, True)


@pytest.mark.parametrize(
    "picture", [{"iou": {"car": 0.5}}, {"iou": 0.5}, {"classes": {"car": {"iou": 0.5}}}, {"classes": {"car": 0.5}}]
)
def test_a_pictures_iou_is_read_in_every_form(picture: dict):
    """By class, in one number, or among the other scores."""
    assert picture_iou(picture, "car") == 0.5


def test_of_many_sizes_the_most_frequent_are_listed():
    """Crops have hundreds of sizes; the page names ten and counts the rest."""
    found = {f"{width} x 300": 1 for width in range(30)} | {"1242 x 375": 7}

    shown = most_frequent(found)

    assert next(iter(shown.items())) == ("1242 x 375", 7)
    assert shown["21 others"] == 21
    assert sum(shown.values()) == sum(found.values())
