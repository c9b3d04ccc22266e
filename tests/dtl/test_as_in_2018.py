"""Holds our outputs against those of the original of 2018, for every recorded query whose actions we have."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kittiseg.dtl import Program, compile_graph
from kittiseg.dtl.layers import LAYERS
from kittiseg.errors import ConfigError
from kittiseg.project.annotation import Annotation, Figure
from kittiseg.project.item import Item
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.pixels import decode_rgb, encode
from kittiseg.project.shapes import Bitmap, Polygon
from tests.data.old_projects import OldProject

ORACLE = Path(__file__).resolve().parents[3] / "shared" / "oracle" / "dtl"

REFUSED_HERE = {
    "save_dst_dollar": "'$out' looks like a name inside the query, and '$' is none for a folder",
    "crop_sides_typo": "the original ignored unknown sides in silence",
    "crop_sides_no_unit": "the original took '3' only to fail on every picture",
}

JPEG_TOLERANCE = 6  # decoders of different years differ by so much at most


def _load(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else None


def _queries() -> list[dict[str, Any]]:
    """Recorded queries whose actions are all in LAYERS, or are unknown on purpose."""
    recorded = _load(ORACLE / "validation.json") or {"queries": []}
    return [
        query
        for query in recorded["queries"]
        if all(layer["action"] in LAYERS or "Unrecognized action" in query.get("error", "") for layer in query["query"])
    ]


def _cases(*, refused: bool) -> list[str]:
    index = _load(ORACLE / "index.json") or []
    return [
        entry["case"] for entry in index if set(entry["actions"]) <= set(LAYERS) and bool(entry["error"]) == refused
    ]


def _program(case: str) -> tuple[Program, dict[str, OldProject]]:
    projects = {folder.name: OldProject(folder) for folder in sorted((ORACLE / case / "in").iterdir())}
    metas = {name: project.meta for name, project in projects.items()}
    return compile_graph(_load(ORACLE / case / "query.json"), metas, seed=0, source=case), projects


@pytest.fixture(autouse=True)
def _needs_the_oracle(oracle: Path) -> None:
    """Skips with a reason where it is missing."""


def test_the_oracle_has_something_to_compare(oracle: Path) -> None:
    """Were the files renamed, the parametrised tests below would be empty."""
    assert len(_queries()) > 20
    assert len(_cases(refused=False)) > 5


@pytest.mark.parametrize("query", _queries(), ids=lambda query: query["name"])
def test_accepts_and_refuses_as_then(query: dict[str, Any]) -> None:
    """The same queries pass, with the same classes, but for those that we refuse on purpose."""
    meta = ProjectMeta.from_json(_load(ORACLE / "validation.json")["meta_of_toy_and_toy2"])
    metas = {"toy": meta, "toy2": meta}

    if not query["ok"] or query["name"] in REFUSED_HERE:
        with pytest.raises(ConfigError):
            compile_graph(query["query"], metas, seed=0, source="query")
    else:
        program = compile_graph(query["query"], metas, seed=0, source="query")
        assert sorted(program.meta.shapes.items()) == [tuple(pair) for pair in query["result_classes"]]


@pytest.mark.parametrize("case", _cases(refused=True))
def test_refuses_what_could_not_run(case: str) -> None:
    with pytest.raises(ConfigError, match="cannot become"):
        _program(case)


@pytest.mark.parametrize("case", _cases(refused=False))
def test_classes_and_tags_of_the_output(case: str) -> None:
    """Names, shapes, colours and order of the classes; tags as a set."""
    program, _ = _program(case)
    theirs = _load(ORACLE / case / "out" / "meta.json")
    expected = ProjectMeta.from_json(theirs)

    if case == "43_tag_twice_delete":  # the original never took a deleted tag from the meta
        expected = ProjectMeta(expected.classes, tuple(t for t in expected.tags if t.name not in ("new", "night")))

    assert program.meta.classes == expected.classes
    assert {tag.name for tag in program.meta.tags} == {tag.name for tag in expected.tags}


@pytest.mark.parametrize("case", _cases(refused=False))
def test_pictures_and_figures(case: str) -> None:
    """Every output in its order: data set, pixels, tags and figures."""
    program, projects = _program(case)
    out = OldProject(ORACLE / case / "out")
    files = {(key.dataset, key.stem): key for key in out.keys}
    items = [item for project in projects.values() for key in project.keys for item in program(project.item(key))]
    recorded = _load(ORACLE / case / "result.json")["outputs"]
    if case == "47_two_datasets_one_layer":  # the original read only the last data set of a layer
        assert {item.dataset for item in items} == {"toy__ds1", "toy__ds2"}
        items = [item for item in items if item.dataset == "toy__ds2"]

    assert [(item.key.dataset, item.key.stem, item.dataset) for item in items] == [
        (*entry["src"][1:], entry["dataset"]) for entry in recorded
    ]
    for item, entry in zip(items, recorded, strict=True):
        if "write_image" not in entry["did"]:  # the platform linked the source's picture, or copied the file
            assert item.image.source is not None
        document = _load(out.folder / entry["dataset"] / "ann" / f"{entry['name']}.json")
        _same_annotation(item.annotation, Annotation.from_json(document, out.meta.shapes))
        if (entry["dataset"], entry["name"]) in files:
            key = files[entry["dataset"], entry["name"]]
            _same_picture(item, (out.folder / key.dataset / "img" / key.name).read_bytes(), did=entry["did"])


def _same_picture(item: Item, file: bytes, *, did: list[str]) -> None:
    if item.image.source is not None and "copy_image" in did:
        assert item.image.source() == file
    elif item.key.suffix == ".png":
        assert np.array_equal(item.image.pixels(), decode_rgb(file, name="theirs"))
    else:
        ours = decode_rgb(encode(item.image.pixels(), item.key.suffix), name="ours").astype(int)
        assert np.abs(ours - decode_rgb(file, name="theirs")).max() <= JPEG_TOLERANCE


def _same_annotation(ours: Annotation, theirs: Annotation) -> None:
    assert ours.image == theirs.image
    assert ours.description == theirs.description
    assert list(dict.fromkeys(ours.tags)) == list(dict.fromkeys(theirs.tags))  # the original could add one tag twice
    assert len(ours.figures) == len(theirs.figures)
    for mine, other in zip(ours.figures, theirs.figures, strict=True):
        _same_figure(mine, other)


def _same_figure(ours: Figure, theirs: Figure) -> None:
    assert (ours.class_name, ours.shape.kind) == (theirs.class_name, theirs.shape.kind)
    assert (ours.tags, ours.description) == (theirs.tags, theirs.description)
    if isinstance(theirs.shape, Bitmap):
        assert ours.shape == theirs.shape
    elif isinstance(theirs.shape, Polygon):
        assert isinstance(ours.shape, Polygon)
        _same_rings([ours.shape.exterior], [theirs.shape.exterior])
        _same_rings(list(ours.shape.interior), list(theirs.shape.interior))
    else:
        mine, other = (shape.to_json()["points"]["exterior"] for shape in (ours.shape, theirs.shape))
        np.testing.assert_allclose(mine, other, atol=1e-6)


def _same_rings(ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    """Equal up to start, direction and the order of holes."""
    assert len(ours) == len(theirs)
    for ring in theirs:
        opened = ring[:-1] if np.array_equal(ring[0], ring[-1]) else ring  # the original repeats the first corner
        assert any(_same_ring(opened, other) for other in ours)


def _same_ring(one: np.ndarray, other: np.ndarray) -> bool:
    turns = [np.roll(way, shift, axis=0) for way in (other, other[::-1]) for shift in range(len(other))]
    return len(one) == len(other) and any(np.allclose(one, turn, atol=1e-6) for turn in turns)
