"""What is written of a prediction, and that it is what the original of 2018 wrote."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kittiseg.config import parse
from kittiseg.errors import ConfigError, DataError
from kittiseg.inference.config import InferenceConfig
from kittiseg.inference.modes import make_mode
from kittiseg.inference.outputs import Outputs, plan_outputs
from kittiseg.inference.predictor import Predictor, label_maps
from kittiseg.inference.scored import Scored
from kittiseg.project.annotation import Annotation, Tag
from kittiseg.project.files import Files
from kittiseg.project.geometry import Size, Window
from kittiseg.project.item import ItemKey
from kittiseg.project.meta import ObjectClass, ProjectMeta
from kittiseg.project.pixels import decode_labels, decode_rgb
from kittiseg.project.shapes import Bitmap, Rectangle
from tests.data.projects import SMALL, annotation_of, bitmap_of, meta_of, polygon, square
from tests.data.scored import drawn, scored_of

MODEL = [
    ObjectClass("bg", "bitmap", "#222222"),
    ObjectClass("vehicle", "bitmap", "#003c64"),
    ObjectClass("person", "bitmap", "#dc143c"),
]
WINDOWS = {"source": "sliding_window", "window": {"width": 4, "height": 4}, "save": True}


def config_of(document: dict[str, Any]) -> InferenceConfig:
    return parse(InferenceConfig, document, source="infer.json")


def outputs_of(document: dict[str, Any], meta: ProjectMeta | None = None) -> Outputs:
    return plan_outputs(config_of(document), MODEL, meta or ProjectMeta(), source="infer.json")


def whole(labels_hw: np.ndarray) -> list[tuple[Window, Scored]]:
    """A picture that is one region."""
    scored = scored_of(labels_hw)
    return [(Window.whole(scored.size), scored)]


def fake_of_2018(windows_nhwc: np.ndarray, input_size: Size | None = None) -> np.ndarray:
    """The stand-in for a network that the original ran on: exact in binary fractions of 128."""
    red, green = (windows_nhwc[..., index].astype(int) for index in (0, 1))
    y, x = np.indices(windows_nhwc.shape[1:3])
    scores = [
        (red * (c + 1) * 3 // 16 + green * (c + 2) // 8 + (x * (3 + c) + y * (5 + 2 * c)) // 4) % 128 for c in range(3)
    ]
    return np.stack(scores, axis=1).astype(np.float32) / 128


def test_one_bitmap_per_class_in_alphabetical_order():
    """Background is a class like any other, a class without a pixel is left out, bitmaps are trimmed."""
    labels_hw = np.zeros((6, 8), np.uint8)
    labels_hw[1, 2:4] = 2

    figures = outputs_of({}).annotate(annotation_of({}), whole(labels_hw), []).figures

    assert [figure.class_name for figure in figures] == ["bg_unet", "person_unet"]
    assert figures[1].shape == bitmap_of("##", top=1, left=2)
    assert figures[0].shape == Bitmap(top=0, left=0, mask_hw=labels_hw == 0)


def test_classes_are_filtered_and_renamed():
    """The tutorial keeps ``vehicle`` as ``vehicle_dl``, in the model's colour, and nothing else."""
    outputs = outputs_of(
        {"model_classes": {"save_classes": ["vehicle"], "add_suffix": "_dl"}}, meta_of({"car": "bitmap"})
    )

    assert outputs.meta.classes == (ObjectClass("vehicle_dl", "bitmap", "#003c64"),)
    figures = outputs.annotate(
        annotation_of({"car": square(top=0, left=0, side=2)}), whole(np.ones((6, 8), np.uint8)), []
    ).figures
    assert [figure.class_name for figure in figures] == ["vehicle_dl"]


def test_existing_objects_come_first_then_rectangles_then_predictions():
    """Painter's order: what was there, the windows, and on top what the model says."""
    meta = meta_of({"car": "bitmap", "road": "bitmap"})
    outputs = outputs_of({"mode": WINDOWS, "existing_objects": {"save_classes": ["car"], "add_suffix": "_old"}}, meta)
    source = annotation_of({"road": square(top=0, left=0, side=2), "car": square(top=3, left=1, side=2)})

    made = outputs.annotate(
        source, whole(np.ones((6, 8), np.uint8)), [("sliding_window", Window(top=0, left=4, height=4, width=4))]
    )

    assert [figure.class_name for figure in made.figures] == ["car_old", "sliding_window", "vehicle_unet"]
    assert made.figures[0].shape == square(top=3, left=1, side=2)
    assert made.figures[1].shape == Rectangle(4, 0, 8, 4)
    assert outputs.meta.shapes == {
        "car_old": "bitmap",
        "bg_unet": "bitmap",
        "vehicle_unet": "bitmap",
        "person_unet": "bitmap",
        "sliding_window": "rectangle",
    }
    assert outputs.meta.colors["car_old"] == meta.colors["car"]


def test_regions_are_written_one_after_another():
    """Each at its place, class after class, also where they overlap."""
    regions: list[tuple[Window, Scored]] = [
        (Window(top=1, left=2, height=1, width=2), scored_of(drawn("10"))),
        (Window(top=1, left=3, height=2, width=1), scored_of(drawn("1", "."))),
    ]

    figures = outputs_of({}).annotate(annotation_of({}), regions, []).figures

    assert [(figure.class_name, figure.shape) for figure in figures] == [
        ("bg_unet", bitmap_of("#", top=1, left=3)),
        ("vehicle_unet", bitmap_of("#", top=1, left=2)),
        ("vehicle_unet", bitmap_of("#", top=1, left=3)),
    ]


def test_polygons_are_of_classes_of_polygons():
    """What the meta says is what is written."""
    outputs = outputs_of({"model_classes": {"save_classes": ["vehicle"], "geometry": "polygon", "tolerance": 0}})

    (figure,) = outputs.annotate(annotation_of({}), whole(np.ones((6, 8), np.uint8)), []).figures

    assert outputs.meta.shapes == {"vehicle_unet": "polygon"}
    assert figure.shape == polygon((0, 0), (7, 0), (7, 5), (0, 5))


def test_files_are_written_beside_the_pictures(tmp_path: Path):
    """Those that the config asks for, of labels that were cleaned; probabilities are asked for by name."""
    outputs = outputs_of({"outputs": [{"as": "masks"}, {"as": "coco"}], "clean": {"min_area": 2}})
    scored = outputs.cleaned(scored_of(drawn("000", "010")))

    outputs.write(ItemKey("source", "training", "a.jpg"), scored, files=Files.at(tmp_path), open_source=io.BytesIO)

    labels_hw = decode_labels((tmp_path / "training/masks/a.png").read_bytes(), name="a.png")
    assert labels_hw.tolist() == [[0, 0, 0], [0, 0, 0]]
    (only,) = json.loads((tmp_path / "training/coco/a.json").read_text())["annotations"]
    assert (only["category_id"], only["area"]) == (0, 6)
    assert not outputs.needs_probabilities
    assert outputs_of({"outputs": [{"as": "probabilities"}]}).needs_probabilities


def test_nothing_is_cleaned_unless_it_is_asked_for():
    """The same object comes back."""
    scored = scored_of(drawn("000", "010"))

    assert outputs_of({}).cleaned(scored) is scored


def test_tags_and_all_else_of_a_picture_stay():
    """Image tags, description and unknown keys pass; the meta keeps its tags."""
    source = Annotation(SMALL, tags=(Tag("day"),), description="a street", extra={"camera": 2})

    outputs = outputs_of({}, meta_of({}, tags=("day",)))
    made = outputs.annotate(source, whole(np.zeros((6, 8), np.uint8)), [])

    assert (made.tags, made.description, made.extra) == (source.tags, "a street", {"camera": 2})
    assert [tag.name for tag in outputs.meta.tags] == ["day"]


def test_names_that_two_groups_share_are_all_refused():
    """The model against the project, and the model against the windows: two clashes in one error."""
    with pytest.raises(ConfigError) as caught:
        outputs_of(
            {
                "mode": {**WINDOWS, "class_name": "person"},
                "model_classes": {"add_suffix": ""},
                "existing_objects": {"save_classes": "__all__"},
            },
            meta_of({"vehicle": "bitmap", "car": "bitmap"}),
        )

    assert [str(problem) for problem in caught.value.problems] == [
        "/model_classes/add_suffix: 'vehicle' would be the name of a class of the model and of an existing class; "
        "change /model_classes/add_suffix or /existing_objects/add_suffix",
        "/model_classes/add_suffix: 'person' would be the name of a class of the model and of the class of the "
        "windows; change /model_classes/add_suffix or /mode/class_name",
    ]


def test_classes_that_are_not_there_are_named_with_the_nearest_word():
    """Both filters are checked, each against its own classes."""
    with pytest.raises(ConfigError) as caught:
        outputs_of(
            {
                "model_classes": {"save_classes": ["vehicle", "vehicel"]},
                "existing_objects": {"save_classes": ["tram"]},
            },
            meta_of({"car": "bitmap"}),
        )

    assert [str(problem) for problem in caught.value.problems] == [
        "/model_classes/save_classes/1: 'vehicel' is no class of the model; did you mean 'vehicle'?",
        "/existing_objects/save_classes/0: 'tram' is no class of the project; known: car",
    ]


@pytest.mark.parametrize("case", ["01_full_image", "03_sw_tutorial_like", "05_sw_dense"])
def test_predictions_are_those_of_the_original(oracle: Path, case: str):
    """The same classes, figures and pixels as 2018, for every picture of a toy project."""
    folder, toy = oracle / "inference" / case, oracle / "inference" / "in" / "toy"
    config = config_of(json.loads((folder / "case.json").read_text())["config"])
    meta = ProjectMeta.from_json(json.loads((toy / "meta.json").read_text()))
    outputs = plan_outputs(config, MODEL, meta, source=case)
    assert config.existing_objects.save_classes == ()
    assert outputs.meta.classes == ProjectMeta.from_json(json.loads((folder / "meta.json").read_text())).classes
    files = sorted(toy.glob("*/img/*.png"))
    assert len(files) == 6

    images = ((f, decode_rgb(f.read_bytes(), name=f.name)) for f in files)
    for file, labels_hw in label_maps(Predictor(fake_of_2018, classes=3, batch_size=5), make_mode(config.mode), images):
        place = Path(file.parts[-3], "ann", f"{file.stem}.json")
        document = json.loads((toy / place).read_text())
        document["objects"] = []  # one of them is a polygon of two points, which 2018 dropped and we refuse
        source = Annotation.from_json(document, meta.shapes)
        wanted = Annotation.from_json(json.loads((folder / place).read_text()), outputs.meta.shapes)
        made = outputs.annotate(source, whole(labels_hw), [])
        assert [(f.class_name, f.shape) for f in made.figures] == [(f.class_name, f.shape) for f in wanted.figures]
        assert (made.image, made.tags, made.description) == (wanted.image, wanted.tags, wanted.description)


def test_saved_windows_are_those_of_the_original(oracle: Path):
    """Its detection mode placed and wrote windows as ours does, first of all objects."""
    folder = oracle / "inference" / "13_det_no_nms_save"
    document = json.loads((folder / "case.json").read_text())["config"]["mode"]
    del document["nms_after"]
    mode = make_mode(config_of({"mode": {**document, "source": "sliding_window"}}).mode)
    shapes = ProjectMeta.from_json(json.loads((folder / "meta.json").read_text())).shapes

    for file in sorted(folder.glob("*/ann/*.json")):
        wanted = Annotation.from_json(json.loads(file.read_text()), shapes)
        source = Annotation(wanted.image)
        figures = Outputs(ProjectMeta(), {}, {}).annotate(source, [], mode.marks(source)).figures
        assert list(figures) == list(wanted.figures[: len(figures)])
        assert [f.class_name for f in wanted.figures].count("sliding_window") == len(figures)


def test_what_the_original_refused_late_is_refused_at_once(oracle: Path):
    """Gaps between windows stopped 2018 at each picture, an equal name at its start; here both are config errors."""
    gaps, clash = (
        json.loads((oracle / "inference" / case / "case.json").read_text())["config"]
        for case in ("07_sw_negative_overlap", "11_name_clash")
    )
    clash["mode"] = {"source": "sliding_window", "save": True, "class_name": clash["mode"]["class_name"]}

    with pytest.raises(ConfigError, match="/mode/min_overlap/x"):
        config_of(gaps)
    with pytest.raises(ConfigError, match="'vehicle_unet' would be the name of a class of the model and of the class"):
        outputs_of(clash)


def test_a_roi_of_nothing_is_an_error_of_every_picture_as_in_2018(oracle: Path):
    """60 % off on the left and 50 % on the right; the classes of the output were decided before."""
    folder = oracle / "inference" / "09_roi_empty"
    case = json.loads((folder / "case.json").read_text())
    config, meta = config_of(case["config"]), json.loads((folder / "meta.json").read_text())
    toy = ProjectMeta.from_json(json.loads((oracle / "inference" / "in" / "toy" / "meta.json").read_text()))
    assert plan_outputs(config, MODEL, toy, source="a test").meta.classes == ProjectMeta.from_json(meta).classes

    mode = make_mode(config.mode)
    assert len(case["images"]) == 6
    for dataset, name, error, _ in case["images"]:
        document = json.loads((oracle / "inference" / "in" / "toy" / dataset / "ann" / f"{name}.json").read_text())
        size = Size(height=document["size"]["height"], width=document["size"]["width"])
        assert "result crop bounds are invalid" in error
        with pytest.raises(DataError, match="the bounds of the mode leave nothing"):
            mode.regions(Annotation(size))


def test_a_small_picture_is_predicted_like_a_large_one():
    """Where 2018 stopped at a picture smaller than the window, its labels have the picture's own size."""
    mode = make_mode(config_of({"mode": {"source": "sliding_window"}}).mode)
    size = Size(height=3, width=200)

    images = [("small", np.zeros((size.height, size.width, 3), np.uint8))]
    ((_, labels_hw),) = label_maps(Predictor(fake_of_2018, classes=3, batch_size=4), mode, images)

    assert labels_hw.shape == (3, 200)
