"""Holds our outputs against those of the original of 2018, for every recorded query whose actions we have."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kittiseg.dtl import compile_graph
from kittiseg.dtl.layers import LAYERS
from kittiseg.errors import ConfigError, DataError
from kittiseg.project.annotation import Annotation
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.shapes import Bitmap
from tests.data.oracle import ORACLE, Case, check_annotation, check_picture, check_pixels, load, without_classes
from tests.data.toy_projects import META, PICTURES, toy_annotation

REFUSED_HERE = {
    "save_dst_dollar": "'$out' looks like a name inside the query, and '$' is none for a folder",
    "crop_sides_typo": "the original ignored unknown sides in silence",
    "crop_sides_no_unit": "the original took '3' only to fail on every picture",
}
"""Queries that the original accepted and we do not, and why."""

EXTRAS = ("masks_machine", "masks_human", "visualize")
"""Folders beside ``img`` and ``ann``."""


@dataclass(frozen=True)
class Mended:
    """A fault of the original that we mended: ``why``, and what the record would be like without it.

    ``meta`` makes what we promise out of (theirs, ours); ``annotation`` the same of one of theirs; ``recorded`` says
    which of our pictures they have too; ``refused`` are the stems of those that are errors here.
    """

    why: str = ""
    meta: Callable[[ProjectMeta, ProjectMeta], ProjectMeta] = lambda theirs, ours: theirs
    annotation: Callable[[Annotation], Annotation] = lambda theirs: theirs
    recorded: Callable[[Item], bool] = lambda item: True
    refused: frozenset[str] = field(default_factory=frozenset)


def _without_tags(theirs: ProjectMeta, names: set[str]) -> ProjectMeta:
    return ProjectMeta(theirs.classes, tuple(tag for tag in theirs.tags if tag.name not in names))


def _without_entries(theirs: ProjectMeta, names: set[str]) -> ProjectMeta:
    return ProjectMeta(tuple(entry for entry in theirs.classes if entry.name not in names), theirs.tags)


def _all_of(theirs: ProjectMeta, ours: ProjectMeta) -> ProjectMeta:
    assert theirs.shapes.items() < ours.shapes.items()
    return ours


ON_PURPOSE = {
    "15_rotate_rectangles": Mended(
        "pictures with rectangles were given up; here rectangles turn with the rest",
        recorded=lambda item: not any(figure.shape.kind == "rectangle" for figure in item.annotation.figures),
    ),
    "33_sliding_window_small": Mended(
        "pictures smaller than the window were left out with a warning; here each is an error",
        refused=frozenset({"beta", "gamma", "zeta"}),
    ),
    "43_tag_twice_delete": Mended(
        "deleted tags stayed in the meta", meta=lambda theirs, ours: _without_tags(theirs, {"new", "night"})
    ),
    "47_two_datasets_one_layer": Mended(
        "only the last data set of a layer was read", recorded=lambda item: item.key.dataset == "ds2"
    ),
    "49_two_layers_one_dst": Mended(
        "of two layers that write one name, the meta had the classes of either, by chance", meta=_all_of
    ),
    "51_rename_other": Mended(
        "the rename layer overwrote __other__: house and pole stayed",
        meta=lambda theirs, ours: _without_entries(theirs, {"house", "pole"}),
        annotation=lambda theirs: without_classes(theirs, {"house", "pole"}),
    ),
}


def _queries() -> list[dict[str, Any]]:
    """Recorded queries whose actions are all in LAYERS, or are unknown on purpose."""
    recorded = load(ORACLE / "validation.json") or {"queries": []}
    return [
        query
        for query in recorded["queries"]
        if all(layer["action"] in LAYERS or "Unrecognized action" in query.get("error", "") for layer in query["query"])
    ]


def _cases(*, refused: bool) -> list[str]:
    index = load(ORACLE / "index.json") or []
    return [
        entry["case"] for entry in index if set(entry["actions"]) <= set(LAYERS) and bool(entry["error"]) == refused
    ]


@pytest.fixture(autouse=True)
def _needs_the_oracle(oracle: Path) -> None:
    """Skips with a reason where it is missing."""


def test_the_oracle_has_something_to_compare() -> None:
    """Were the files renamed, the parametrised tests below would be empty."""
    assert len(_queries()) > 50
    assert len(_cases(refused=False)) > 20
    assert set(ON_PURPOSE) <= set(_cases(refused=False))
    assert set(REFUSED_HERE) <= {query["name"] for query in _queries()}


@pytest.mark.parametrize("query", _queries(), ids=lambda query: query["name"])
def test_accepts_and_refuses_as_then(query: dict[str, Any]) -> None:
    """The same queries pass, with the same classes, but for those that we refuse on purpose."""
    meta = ProjectMeta.from_json(load(ORACLE / "validation.json")["meta_of_toy_and_toy2"])
    metas = {"toy": meta, "toy2": meta}

    if not query["ok"] or query["name"] in REFUSED_HERE:
        with pytest.raises(ConfigError):
            compile_graph(query["query"], metas, seed=0, source="query")
    else:
        program = compile_graph(query["query"], metas, seed=0, source="query")
        assert sorted(program.meta.shapes.items()) == [tuple(pair) for pair in query["result_classes"]]


@pytest.mark.parametrize("name", sorted(REFUSED_HERE))
def test_what_we_refuse_was_accepted_then(name: str) -> None:
    """Else it need not be in the table."""
    assert next(query for query in _queries() if query["name"] == name)["ok"]


@pytest.mark.parametrize("name", _cases(refused=True))
def test_refuses_what_could_not_run(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot become"):
        Case(name).program  # noqa: B018


@pytest.mark.parametrize("name", _cases(refused=False))
def test_classes_and_tags_of_the_output(name: str) -> None:
    """Names, shapes and order of the classes; colours but for those that the original drew at random; tags as a set."""
    _check_meta(Case(name), ON_PURPOSE.get(name, Mended()))


@pytest.mark.parametrize("name", _cases(refused=False))
def test_pictures_and_figures(name: str) -> None:
    """Every output in its order: data set, pixels, tags, figures, and what is written beside them."""
    _check_outputs(Case(name), ON_PURPOSE.get(name, Mended()))


@pytest.mark.parametrize("name", sorted(ON_PURPOSE))
def test_what_was_mended_still_differs(name: str) -> None:
    """Else it need not be in the table, or we have the fault again."""
    case = Case(name)

    with pytest.raises((AssertionError, DataError)):
        _check_both(case, Mended())


def _check_both(case: Case, mended: Mended) -> None:
    _check_meta(case, mended)
    _check_outputs(case, mended)


def _check_meta(case: Case, mended: Mended) -> None:
    ours = case.program.meta
    theirs = mended.meta(case.meta, ours)
    drawn_from = {entry.color for project in case.projects.values() for entry in project.meta.classes}

    assert list(ours.shapes.items()) == list(theirs.shapes.items())
    for mine, entry in zip(ours.classes, theirs.classes, strict=True):
        assert mine.color == entry.color or entry.color not in drawn_from
    assert {tag.name for tag in ours.tags} == {tag.name for tag in theirs.tags}


def _check_outputs(case: Case, mended: Mended) -> None:
    program = case.program
    items, refused = [], set()
    for source in case.sources:
        try:
            items += [item for item in program(source) if mended.recorded(item)]
        except DataError:
            refused.add(source.key.stem)
    shapes = {**case.meta.shapes, **program.meta.shapes}

    assert refused == mended.refused
    assert [(item.key.dataset, item.key.stem, item.dataset) for item in items] == [
        (*output.source, output.dataset) for output in case.outputs
    ]
    for item, output in zip(items, case.outputs, strict=True):
        if "write_image" not in output.did:  # the platform linked the source's picture, or copied the file
            assert item.image.source is not None
        theirs = [mended.annotation(annotation) for annotation in case.annotations(output, shapes)]
        check_annotation(item.annotation, theirs, unordered=case.random_classes)
        pictures = case.pictures(output, "img")
        if pictures:
            check_picture(item, pictures, copied="copy_image" in output.did)
        extras = dict(program.extras(item))
        assert extras.keys() == {folder for folder in EXTRAS if case.pictures(output, folder)}
        for folder, image in extras.items():
            check_pixels(image, case.pictures(output, folder))


@pytest.mark.parametrize("place", list(PICTURES))
def test_the_toy_project_is_what_was_recorded_of(place: str) -> None:
    """``tests/data/toy_projects.py`` makes the same objects, up to class ``speck``, whose bitmaps were random."""
    project = Case("17_poly2bitmap_all").projects["toy"]
    key = next(key for key in project.keys if f"{key.dataset}/{key.stem}" == place)
    theirs = project.item(key).annotation
    shapes = ProjectMeta.from_json(META).shapes
    document = toy_annotation(list(PICTURES).index(place), PICTURES[place])
    document["objects"] = [entry for entry in document["objects"] if project.is_whole(entry)]
    ours = Annotation.from_json(document, shapes)

    assert shapes == project.meta.shapes
    assert len(ours.figures) == len(theirs.figures)
    check_annotation(without_classes(ours, {"speck"}), [without_classes(theirs, {"speck"})], unordered=set())
    for mine, other in zip(ours.figures, theirs.figures, strict=True):
        if isinstance(other.shape, Bitmap):
            assert isinstance(mine.shape, Bitmap)
            assert mine.shape.window == other.shape.window
            assert np.any(mine.shape.mask_hw)
