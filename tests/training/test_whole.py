import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from kittiseg.errors import ConfigError, DataError
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from kittiseg.training.classes import ClassIndex
from kittiseg.training.group import Group
from kittiseg.training.inputs import Forward
from kittiseg.training.model import ModelConfig
from kittiseg.training.whole import WholePictures, find_whole_pictures
from tests.data.geotiffs import SCALE, TIEPOINT, UTM_33N, geotiff, keys
from tests.data.projects import annotation_of, meta_of, square, write_project
from tests.data.runs import WINDOWS, json_file
from tests.data.training import CAR, tiny_config, write_squares

ALONE = Group(rank=0, world_size=1)
CPU = torch.device("cpu")
VEHICLE = meta_of({"vehicle": "bitmap"})
INFER = {"mode": WINDOWS["mode"], "batch_size": 5}


class EverywhereAnObject(nn.Module):
    """Class 1 on every pixel, whatever is seen."""

    def forward(self, images_nchw: Tensor) -> Tensor:
        zeros_nchw = torch.zeros_like(images_nchw[:, :1])
        return torch.cat([zeros_nchw, zeros_nchw + 1], 1)


class BrightIsAnObject(nn.Module):
    """Class 1 where a pixel is brighter than the mean of ImageNet."""

    def forward(self, images_nchw: Tensor) -> Tensor:
        bright_nchw = images_nchw.mean(1, keepdim=True)
        return torch.cat([-bright_nchw, bright_nchw], 1)


def model(meta: Any = CAR, *, best_by: str = "loss", **validate_on: Any) -> ModelConfig:
    settings = tiny_config(validate_on={"project": "streets", "config": INFER, **validate_on}, best_by=best_by)
    return ModelConfig(settings, ClassIndex.of(meta, settings.special_classes))


def found(workspace: Workspace, config: ModelConfig) -> WholePictures:
    whole = find_whole_pictures(workspace, config)
    assert whole is not None
    return whole


def write_streets(workspace: Workspace) -> None:
    """Two pictures of 8 x 6 px: 9 px of car, 4 of bus, and 4 of sky, of which 2 lie on the car."""
    figures = {
        "car": square(top=0, left=0, side=3),
        "bus": square(top=4, left=4, side=2),
        "sky": square(top=0, left=2, side=2),
    }
    pictures = {
        "ds/a.png": annotation_of(figures, size=Size(height=6, width=8), tags=("day",)),
        "ds/b.png": annotation_of({}, size=Size(height=6, width=8)),
    }
    write_project(workspace, "streets", pictures, meta=meta_of(dict.fromkeys(figures, "bitmap")))


def test_workers_share_out_the_pictures_and_sum_their_counts(workspace: Workspace) -> None:
    """What two workers count adds up to what one counts, of ten pictures with windows of several in a batch."""
    write_squares(workspace, "streets", train=8, val=2)
    whole, forward = found(workspace, model()), Forward(BrightIsAnObject(), CPU, "fp32")
    counted: list[Tensor] = []

    class Noting(Group):
        def sum(self, tensor: Tensor) -> Tensor:
            counted.append(tensor)
            return tensor

    for rank, world_size in ((0, 1), (0, 2), (1, 2)):
        whole.validate(forward, Noting(rank=rank, world_size=world_size))

    assert torch.equal(counted[0], counted[1] + counted[2])
    assert counted[0].dtype == torch.int64
    assert [int(counts.sum()) for counts in counted] == [10 * 40 * 36, 6 * 40 * 36, 4 * 40 * 36]


def test_classes_are_merged_as_in_a_query(workspace: Workspace) -> None:
    """Car and bus are vehicles; the sky, dropped, leaves the car under it whole: 13 px of 2 x 48."""
    write_streets(workspace)
    mapping = {"car": "vehicle", "bus": "vehicle", "__other__": "__ignore__"}

    scores = found(workspace, model(VEHICLE, classes_mapping=mapping)).validate(
        Forward(EverywhereAnObject(), CPU, "fp32"), ALONE
    )

    assert scores == {"mean_iou": 13 / 96, "iou": {"vehicle": 13 / 96}, "accuracy": 13 / 96}


def test_neutral_pixels_count_in_nothing(workspace: Workspace) -> None:
    """The sky as neutral hides 4 px, 2 of them of the car; a picture without that tag is left out."""
    write_streets(workspace)
    mapping = {"car": "vehicle", "bus": "vehicle", "sky": "neutral"}

    scores = found(workspace, model(VEHICLE, classes_mapping=mapping, tag="day")).validate(
        Forward(EverywhereAnObject(), CPU, "fp32"), ALONE
    )

    assert scores["iou"] == {"vehicle": 11 / 44}


def test_what_no_window_is_shown_of_counts_as_background(workspace: Workspace) -> None:
    """One window of 4 x 4 px of eight touches a bus, whose 4 px are then found with 12 others."""
    write_streets(workspace)
    mode = {"source": "sliding_window", "window": {"width": 4, "height": 4}, "skip": {"inside": {"objects": ["bus"]}}}
    mapping = {"bus": "vehicle", "__other__": "__ignore__"}

    scores = found(workspace, model(VEHICLE, classes_mapping=mapping, config={"mode": mode})).validate(
        Forward(EverywhereAnObject(), CPU, "fp32"), ALONE
    )

    assert scores["iou"] == {"vehicle": 4 / 16}


def test_a_class_that_is_nowhere_has_no_score(workspace: Workspace) -> None:
    """None, for JSON has no NaN: no car is on the second picture, and none is found."""

    class Nowhere(EverywhereAnObject):
        def forward(self, images_nchw: Tensor) -> Tensor:
            return super().forward(images_nchw).flip(1)

    write_project(workspace, "streets", {"ds/a.png": annotation_of({})}, meta=CAR)

    scores = found(workspace, model()).validate(Forward(Nowhere(), CPU, "fp32"), ALONE)

    assert scores == {"mean_iou": None, "iou": {"car": None}, "accuracy": 1.0}


@pytest.mark.parametrize(("checkpoint", "last", "due"), [(1, False, False), (3, False, True), (4, True, True)])
def test_every_third_checkpoint_and_the_last_are_validated_so(
    workspace: Workspace, checkpoint: int, last: bool, due: bool
) -> None:
    """By its number, so that a training that goes on does as one that never stopped."""
    write_squares(workspace, "streets")

    assert found(workspace, model(every=3)).is_due(checkpoint, last=last) == due


def test_workers_are_given_the_config_itself(workspace: Workspace) -> None:
    """They may be on other machines, so that what is pickled names no file of this one."""
    write_squares(workspace, "streets")
    whole = found(workspace, model())

    again = pickle.loads(pickle.dumps(whole))

    assert (again.sizes, again.config, again.channels) == (whole.sizes, whole.config, (0, 1))


def test_without_the_setting_there_are_no_whole_pictures(workspace: Workspace) -> None:
    """Validation is on crops alone then."""
    assert find_whole_pictures(workspace, ModelConfig(tiny_config(), model().classes)) is None


INSIDE_CRA = {"inside": {"objects": ["cra"]}}
RAW = {"car": "vehicle", "__other__": "__ignore__"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"project": "street"}, "/validate_on/project: no project 'street' .*did you mean 'streets'"),
        ({}, "/validate_on/classes_mapping: the model has no class 'car', 'bus'.*known: bg, van"),
        ({"classes_mapping": {**RAW, "cra": "car"}}, "/validate_on/classes_mapping/cra: no class 'cra'.*mean 'car'"),
        ({"classes_mapping": {"car": "vehicle"}}, "/validate_on/classes_mapping: does not say what becomes of 'bus'"),
        ({"classes_mapping": {"__other__": "bg"}}, "/validate_on/classes_mapping: no class .* is one of van, vehicle"),
        ({"classes_mapping": RAW, "tag": "dya"}, "/validate_on/tag: no picture .* has tag 'dya'; did you mean 'day'"),
        ({"classes_mapping": RAW, "best_by": "whole/iou/van"}, "/best_by: 'van' is no class that whole pictures"),
        (
            {"config": {"mode": {"source": "bboxes"}}},
            "/validate_on/config: mode 'bboxes' cannot be .*take sliding_window",
        ),
        (
            {"classes_mapping": RAW, "config": {"mode": {"source": "sliding_window", "skip": INSIDE_CRA}}},
            "/validate_on/config/mode/skip/inside/objects/0: 'cra' is no class of the project; did you mean 'car'",
        ),
        ({"classes_mapping": RAW, "config": "none.json"}, r"/validate_on/config: no file 'none\.json'; relative paths"),
    ],
)
def test_what_does_not_fit_is_found_before_the_first_step(
    workspace: Workspace, fields: dict[str, Any], message: str
) -> None:
    """Each with its place in the config and the remedy."""
    write_streets(workspace)

    with pytest.raises(ConfigError, match=message):
        find_whole_pictures(workspace, model(meta_of({"vehicle": "bitmap", "van": "bitmap"}), **fields))


def test_pictures_that_lie_elsewhere_than_the_polygons_are_found_before_the_first_step(
    workspace: Workspace, tmp_path: Path
) -> None:
    """By their files' tags; predict would leave them out."""
    picture = annotation_of({"car": square(top=0, left=0, side=3)}, size=Size(height=4, width=6))
    project = write_project(workspace, "streets", {"training/b.tif": picture}, meta=CAR)
    project.files.write("training/img/b.tif", geotiff(SCALE, TIEPOINT, keys(UTM_33N)))
    crs = {"type": "name", "properties": {"name": "EPSG:4326"}}
    polygon = {"type": "Polygon", "coordinates": [[[5, 1], [6, 1], [6, 2], [5, 1]]], "crs": crs}
    areas = json_file(tmp_path, "areas", polygon)
    mode = {"source": "sliding_window", "skip": {"inside": {"geojson": str(areas)}}}

    with pytest.raises(DataError, match=r"b\.tif: the picture lies on the map by EPSG:32633"):
        find_whole_pictures(workspace, model(config={"mode": mode}))


def test_the_sizes_of_the_pictures_are_known(workspace: Workspace) -> None:
    """From their annotations, for the check of scales."""
    write_streets(workspace)

    sizes = found(workspace, model(VEHICLE, classes_mapping=RAW)).sizes

    assert [(key.name, size.width) for key, size in sizes.items()] == [("a.png", 8), ("b.png", 8)]
    assert np.unique([size.height for size in sizes.values()]) == [6]
