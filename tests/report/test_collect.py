import json

import numpy as np
import pytest

from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.geometry import Size, Window
from kittiseg.project.store import Workspace
from kittiseg.report.collect import Truth, evenly, model_section, prediction_section, project_section, spread
from tests.data.histories import history_of
from tests.data.projects import annotation_of, small_project, square
from tests.data.queries import diamond_query


def write_model(workspace: Workspace, name: str, *, checkpoints: int = 4, run: dict | None = None) -> None:
    files = workspace.files.within(f"models/{name}")
    for number in range(1, checkpoints + 1):
        files.make_folder(f"checkpoints/{number:08d}")
    classes = [{"title": "vehicle", "shape": "bitmap", "color": "#003c64"}]
    files.write("config.json", json.dumps({"settings": {"lr": 0.001}, "out_classes": classes}).encode())
    files.write("history.jsonl", "".join(json.dumps(line) + "\n" for line in history_of(checkpoints)).encode())
    files.write(
        "run.json", json.dumps(run or {"project": "p", "init": None, "sessions": [{"a": 1}, {"a": 2}]}).encode()
    )


def test_a_project_gives_examples_with_their_figures(workspace: Workspace):
    """Evenly chosen, drawn upon, with a few words."""
    project = small_project(workspace, count=5, size=Size(height=20, width=30))

    section = project_section(workspace, "small", {"images": 5}, limit=2)

    first_hwc = project.item(project.keys()[0]).image.pixels()
    assert [example.name for example in section.examples] == ["000000_10.png", "000002_10.png"]
    assert section.examples[0].note == "2 objects"
    assert not np.array_equal(section.examples[0].pictures[0].image_hwc, first_hwc)


def test_a_project_that_a_query_made_gives_the_query(workspace: Workspace):
    """It is kept in provenance.json."""
    project = small_project(workspace)
    project.files.write("provenance.json", json.dumps({"query": diamond_query()}).encode())

    assert project_section(workspace, "small", {}).query == diamond_query()


def test_a_model_gives_what_its_folder_has(workspace: Workspace):
    """Settings, classes with colours, history, the checkpoints on disk, and of the run what matters."""
    write_model(workspace, "unet")

    section = model_section(workspace, "unet")

    assert section.config == {"lr": 0.001}
    assert section.colors == {"vehicle": (0, 60, 100)}
    assert section.history == history_of(4)
    assert [entry["checkpoint"] for entry in section.checkpoints] == [1, 2, 3, 4]
    assert section.facts == {"project": "p", "sessions": 2, "last session": {"a": 2}}
    assert (section.best, section.extremes, section.calibration) == (None, None, None)


def test_a_model_s_calibration_is_the_best_checkpoint_s_or_the_newest(workspace: Workspace):
    """Whichever was calibrated."""
    write_model(workspace, "unet")
    records = {str(number): {"checkpoint": number} for number in (2, 10, 9)}
    workspace.files.write("models/unet/temperature.json", json.dumps(records).encode())

    shown = [model_section(workspace, "unet", best=best).calibration for best in (9, 3, None)]

    assert shown == [{"checkpoint": 9}, {"checkpoint": 10}, {"checkpoint": 10}]


def test_the_chosen_checkpoint_is_the_one_that_was_restored(workspace: Workspace):
    """It is marked in the model that it was taken from, and in that which it became."""
    write_model(workspace, "unet")
    write_model(workspace, "unet (ckpt 3)", run={"restored_from": {"model": "unet", "checkpoint": 3}})

    assert model_section(workspace, "unet").chosen == 3
    assert model_section(workspace, "unet (ckpt 3)").chosen == 3
    assert model_section(workspace, "unet", chosen=1).chosen == 1


def test_a_line_that_a_sudden_end_cut_off_is_left_out(workspace: Workspace):
    """A training that was killed while it wrote can still be looked at."""
    write_model(workspace, "unet")
    files = workspace.model_files("unet")
    files.append("history.jsonl", b'{"kind": "tra')

    assert model_section(workspace, "unet").history == history_of(4)


def test_a_damaged_history_is_named(workspace: Workspace):
    """The error says which file."""
    write_model(workspace, "unet")
    workspace.model_files("unet").write("history.jsonl", b"nonsense\n")

    with pytest.raises(DataError, match=r"unet/history\.jsonl: not valid JSON lines"):
        model_section(workspace, "unet")


def test_a_misspelt_name_is_answered_with_the_right_one(workspace: Workspace):
    """The workspace knows what it has."""
    small_project(workspace)

    with pytest.raises(WorkspaceError, match="did you mean 'small'"):
        project_section(workspace, "smal", {})


def test_predictions_stand_beside_picture_and_truth(workspace: Workspace):
    """Truth only where it is known."""
    size = Size(height=20, width=30)
    small_project(workspace, count=2, size=size)
    known = annotation_of({"car": square(top=1, left=1, side=5)}, size=size)
    truth = Truth(lambda key: known if key.name == "000000_10.png" else None, {"car": (255, 0, 0)})
    evaluation = {
        "classes": {"car": {}},
        "pictures": [{"dataset": "training", "name": "000000_10.png", "iou": {"car": 0.5}}],
    }

    first, second = prediction_section(workspace, "small", truth=truth, evaluation=evaluation).examples

    assert [picture.caption for picture in first.pictures] == ["picture", "prediction", "truth"]
    assert [picture.caption for picture in second.pictures] == ["picture", "prediction"]
    assert first.slides
    assert second.slides
    assert (first.note, second.note) == ("IoU car 0.500", "")


def test_the_worst_predictions_come_first(workspace: Workspace):
    """By the mean over the classes that are there; pictures that nobody can judge come last."""
    small_project(workspace, count=4)
    ious = [
        {"car": 0.9, "road": 0.5},
        {"car": None, "road": None},
        {"car": 0.2, "road": 0.8},
        {"car": 0.6, "road": None},
    ]
    pictures = [
        {
            "dataset": "training",
            "name": f"00000{place}_10.png",
            "classes": {name: {"iou": v} for name, v in iou.items()},
        }
        for place, iou in enumerate(ious)
    ]
    evaluation = {"classes": {"car": {}, "road": {}}, "pictures": pictures}

    examples = prediction_section(workspace, "small", evaluation=evaluation).examples

    assert [(example.name[5], example.note) for example in examples] == [
        ("2", "mean IoU 0.500 of 2 classes, IoU car 0.200, road 0.800"),
        ("3", "IoU car 0.600"),
        ("0", "mean IoU 0.700 of 2 classes, IoU road 0.500, car 0.900"),
        ("1", ""),
    ]


def test_of_many_predictions_the_worst_and_the_best_are_among_those_shown(workspace: Workspace):
    """Twelve of thirty, by their scores."""
    small_project(workspace, count=30)
    pictures = [
        {"dataset": "training", "name": f"{place:06d}_10.png", "classes": {"car": {"iou": (place * 7 % 30) / 30}}}
        for place in range(30)
    ]

    examples = prediction_section(
        workspace, "small", evaluation={"classes": {"car": {}}, "pictures": pictures}
    ).examples

    notes = [example.note for example in examples]
    assert len(notes) == 12
    assert notes == sorted(notes)
    assert (notes[0], notes[-1]) == ("IoU car 0.000", "IoU car 0.967")


def test_windows_are_drawn_once_and_counted(workspace: Workspace):
    """On the first picture, whatever their number."""
    small_project(workspace, size=Size(height=20, width=30))
    windows = [Window(top=0, left=left, height=20, width=20) for left in (0, 10)]

    section = prediction_section(workspace, "small", windows=windows)

    assert section.windows is not None
    assert section.windows.caption == "2 windows of 20 x 20 px on 30 x 20 px"


def test_examples_are_spread_evenly():
    """Neighbouring frames look alike."""
    assert spread(list(range(10)), 4) == [0, 2, 5, 7]
    assert spread([1, 2], 4) == [1, 2]


@pytest.mark.parametrize("count", [0, 1, 2, 79, 80, 81, 1000])
def test_both_ends_are_among_evenly_chosen_places(count: int):
    """At most 80 of them, each once, in order."""
    places = evenly(count, 80)

    assert len(places) == min(count, 80)
    assert places == sorted(set(places))
    assert places[:1] == [0][:count]
    assert places[-1:] == [count - 1][:count]
