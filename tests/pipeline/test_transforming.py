from collections import Counter
from pathlib import Path

import pytest

from kittiseg.config import read_json
from kittiseg.engine import Engine
from kittiseg.errors import ConfigError, DataError, WorkspaceError
from kittiseg.pipeline import plan_transform, transform
from kittiseg.project.geometry import Size
from kittiseg.project.store import Project, Workspace
from tests.data.programs import layer
from tests.data.projects import small_project
from tests.data.runs import digest_of_project, json_file, leftovers, run_in, told, tutorial_query

PICTURE = Size(height=32, width=96)


def test_the_tutorial_s_query_gives_twelve_crops_a_picture(workspace: Workspace, source: Project, query: Path):
    """27-30 % of the width, 90-100 % of the height, one class, the tag of their source."""
    made = transform(run_in(workspace), query)

    crops = [workspace.project("crops").annotation(key) for key in workspace.project("crops").keys()]
    assert made.images == len(crops) == 8 * 12
    assert dict(made.datasets) == {"training": 96}
    assert all(25 <= crop.image.width <= 28 and 28 <= crop.image.height <= 32 for crop in crops)
    assert {figure.class_name for crop in crops for figure in crop.figures} == {"vehicle"}
    assert Counter(name for crop in crops for name in crop.tag_names) == Counter(made.tags)


def test_all_crops_of_a_picture_bear_one_tag(workspace: Workspace, source: Project, query: Path):
    """The split comes before the crops, or validation would see training pictures."""
    transform(run_in(workspace, seed=3), query)
    project = workspace.project("crops")

    tags: dict[str, set[str]] = {}
    for key in project.keys():
        tags.setdefault(key.name[:9], set()).update(project.annotation(key).tag_names)

    assert len(tags) == 8
    assert all(len(found) == 1 for found in tags.values())


def test_the_engine_does_not_show_in_the_bytes(
    workspace: Workspace, source: Project, query: Path, ray_engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    """In process, on Ray, and on Ray in other blocks: the same files."""
    from kittiseg.engine import on_ray

    here = transform(run_in(workspace), query)
    files = digest_of_project(workspace, "crops")
    on_two = transform(run_in(workspace, ray_engine), query, overwrite=True)
    assert digest_of_project(workspace, "crops") == files
    monkeypatch.setattr(on_ray, "BLOCKS_PER_CPU", 1)
    on_one = transform(run_in(workspace, ray_engine), query, overwrite=True)
    assert digest_of_project(workspace, "crops") == files

    assert here.digest == on_two.digest == on_one.digest


def test_another_seed_gives_other_crops(workspace: Workspace, source: Project, query: Path):
    """The draws do follow the seed."""
    first = transform(run_in(workspace, seed=0), query)
    second = transform(run_in(workspace, seed=1), query, overwrite=True)

    assert first.digest != second.digest


def test_the_dry_run_tells_what_the_run_does(workspace: Workspace, source: Project, query: Path):
    """Counts, data sets and the draw of train and val, and nothing is written."""
    plan = plan_transform(run_in(workspace, seed=3), query)
    assert workspace.projects() == ["small"]

    made = transform(run_in(workspace, seed=3), query)

    assert plan.pictures == made.images
    assert dict(plan.datasets) == dict(made.datasets)
    assert [sum(layer.pictures) for layer in plan.layers] == list(made.counts)
    train, val = plan.layers[2].pictures
    assert {name: count for name, count in (("train", 12 * train), ("val", 12 * val)) if count} == dict(made.tags)


def test_an_empty_split_is_a_warning_with_a_remedy(workspace: Workspace, query: Path):
    """One picture cannot be in both parts."""
    small_project(workspace, "small", count=1, size=PICTURE)
    run = run_in(workspace)

    transform(run, query)

    assert any("choose another --seed" in warning for warning in told(run).warnings)


def test_a_project_remembers_how_it_was_made(workspace: Workspace, source: Project, query: Path):
    """Query, seed, counts and digest."""
    made = transform(run_in(workspace, seed=5), query)

    known = workspace.project("crops").provenance
    assert known["seed"] == 5
    assert known["query"] == tutorial_query("small", "crops")
    assert known["counts"][-1] == 96
    assert known["digest"] == made.digest


def test_an_existing_project_is_refused_before_any_work(workspace: Workspace, source: Project, query: Path):
    """It stays as it is."""
    transform(run_in(workspace), query)
    before = digest_of_project(workspace, "crops")
    run = run_in(workspace, seed=1)

    with pytest.raises(WorkspaceError, match="project 'crops' exists"):
        transform(run, query)

    assert told(run).bars == []
    assert digest_of_project(workspace, "crops") == before


def test_damaged_pictures_are_all_named_and_no_project_is_there(workspace: Workspace, source: Project, query: Path):
    """What could be done is kept: mended, the same command does the rest, and gives what it would have given."""
    pictures = [Path(source.files.root) / "training" / "img" / name for name in ("000001_10.png", "000004_10.png")]
    whole = [path.read_bytes() for path in pictures]
    for path in pictures:
        path.write_bytes(b"broken")
    run = run_in(workspace)

    with pytest.raises(DataError, match=r"2 of 8 pictures(.|\n)*000001_10(.|\n)*000004_10"):
        transform(run, query)

    assert workspace.projects() == ["small"]
    assert "the same command goes on from there" in told(run).notices[-1]

    for path, data in zip(pictures, whole, strict=True):
        path.write_bytes(data)
    run = run_in(workspace)
    made = transform(run, query)

    assert told(run).bars == [("transform crops", 2, 2)]
    assert "6 of 8 pictures are done" in told(run).notices[0]
    assert leftovers(workspace) == []
    undisturbed = transform(run_in(workspace), query, overwrite=True)
    assert undisturbed == made


def test_damaged_pictures_can_be_left_out(workspace: Workspace, source: Project, query: Path):
    """As the original of 2018 did, but told, and remembered by the project; with not one left it is an error."""
    names = [key.name for key in source.keys()]
    for name in names[:2]:
        (Path(source.files.root) / "training" / "img" / name).write_bytes(b"broken")
    run = run_in(workspace)

    made = transform(run, query, skip_bad=True)

    assert made.images == 6 * 12
    assert [name for name in names if any(name in text for text in made.skipped)] == names[:2]
    assert [text for text in told(run).warnings if text.startswith("left out: ")] == [
        f"left out: {text}" for text in made.skipped
    ]
    assert workspace.project("crops").provenance["skipped"] == list(made.skipped)
    for name in names[2:]:
        (Path(source.files.root) / "training" / "img" / name).write_bytes(b"broken")
    with pytest.raises(DataError, match="8 of 8 pictures cannot be transformed"):
        transform(run, query, skip_bad=True, overwrite=True)
    assert workspace.project("crops").provenance["digest"] == made.digest


def test_all_faults_of_a_query_come_at_once(workspace: Workspace, source: Project, tmp_path: Path):
    """Each with its JSON pointer and, where it is misspelt, the nearest word."""
    query = tutorial_query("smal", "crops")
    query[6]["settings"]["axis"] = "diagonal"
    query[7]["action"] = "multiplyy"

    with pytest.raises(ConfigError) as caught:
        transform(run_in(workspace), json_file(tmp_path, "bad", query))

    problems = {problem.pointer: problem.message for problem in caught.value.problems}
    assert "did you mean 'small'" in problems["/0/src/0"]
    assert "/6/settings/axis" in problems
    assert "did you mean 'multiply'" in problems["/7/action"]


def test_a_split_is_exact_and_the_same_everywhere(
    workspace: Workspace, source: Project, tmp_path: Path, ray_engine: Engine
):
    """The tutorial's query with it: in process, on Ray, and in the plan, which reads names alone."""
    document = read_json(Path(__file__).parents[2] / "configs" / "kitti_vehicles" / "transform_split.json")
    document[0] |= {"src": ["small/*"], "settings": {"classes_mapping": "default"}}
    document[2]["settings"] = {"shares": {"train": 0.75, "val": 0.25}}
    document[-1]["dst"] = "crops"
    query = json_file(tmp_path, "split", document)

    plan = plan_transform(run_in(workspace), query)
    here = transform(run_in(workspace), query)
    files = digest_of_project(workspace, "crops")
    on_ray = transform(run_in(workspace, ray_engine), query, overwrite=True)

    assert plan.layers[2].survey == "a pass over all names comes first; 8 pictures get here; train 6, val 2"
    assert dict(here.tags) == {"train": 6 * 12, "val": 2 * 12}
    assert here == on_ray
    assert digest_of_project(workspace, "crops") == files


def test_a_split_by_classes_names_all_pictures_that_it_cannot_read(
    workspace: Workspace, source: Project, tmp_path: Path, ray_engine: Engine
):
    """In the pass over the annotations; mended, in process and on Ray give the same."""
    settings = {"shares": {"train": 0.5, "val": 0.5}, "stratify": True, "group": {"regex": r"^\d{5}"}}
    layers = [layer("data", "small/*", "$in", {"classes_mapping": "default"}), layer("split", "$in", "$s", settings)]
    query = json_file(tmp_path, "split", [*layers, layer("supervisely", "$s", "parted")])
    annotations = [
        Path(source.files.root) / "training" / "ann" / f"{name}_10.png.json" for name in ("000001", "000004")
    ]
    whole = [path.read_bytes() for path in annotations]
    for path in annotations:
        path.write_bytes(b"{")

    with pytest.raises(DataError, match=r"2 of 8 pictures(.|\n)*000001_10(.|\n)*000004_10"):
        plan_transform(run_in(workspace), query)

    for path, data in zip(annotations, whole, strict=True):
        path.write_bytes(data)
    with pytest.raises(DataError, match=r"layer /1 \(split\): 8 picture\(s\) in 1 group\(s\) cannot fill 2 shares"):
        transform(run_in(workspace), query)
    settings["group"] = {"regex": r"^\d{6}"}
    query = json_file(tmp_path, "split", [*layers, layer("supervisely", "$s", "parted")])
    here = transform(run_in(workspace), query)
    assert transform(run_in(workspace, ray_engine), query, overwrite=True) == here
    assert dict(here.tags) == {"train": 4, "val": 4}
