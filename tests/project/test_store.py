"""The workspace: projects appear whole or not at all."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from kittiseg.errors import DataError, WorkspaceError
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Workspace, check_name, check_picture_name
from tests.data.drafts import CAR, META, PICTURE, add_picture, places
from tests.data.projects import SMALL, annotation_of, picture, small_project, write_project


def test_a_project_comes_back_as_it_was_written(workspace: Workspace):
    """Meta, annotations, pictures; keys in the order of data sets and names."""
    pictures = {"val/a.png": CAR, "training/b.png": CAR, "training/a 写 (1).jpg": annotation_of({})}
    write_project(workspace, "kitti (small) ü", pictures, meta=META)

    project = workspace.project("kitti (small) ü")

    assert project.meta == META
    assert project.datasets == ["training", "val"]
    assert places(project) == ["training/a 写 (1).jpg", "training/b.png", "val/a.png"]
    assert str(project.keys()[2]) == "kitti (small) ü/val/a.png"
    assert [key.name for key in project.keys(["val"])] == ["a.png"]
    item = project.item(project.keys()[1])
    assert item.annotation == CAR
    assert item.dataset == "training"
    np.testing.assert_array_equal(item.image.pixels(), picture(seed=1))


def test_the_layout_is_supervisely_s(workspace: Workspace):
    """meta.json, img and ann beside one another, an annotation named after its picture, with its suffix."""
    add_picture(draft := workspace.draft("p"))
    draft.commit(META, {"command": "test", "seed": 3})

    root = Path(workspace.files.root) / "projects" / "p"
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    assert names == ["meta.json", "provenance.json", "training/ann/a.png.json", "training/img/a.png"]
    assert (root / "training/img/a.png").read_bytes() == PICTURE
    assert json.loads((root / "provenance.json").read_text()) == {"command": "test", "seed": 3}


BAD_NAMES = [
    "",
    " ",
    ".",
    "..",
    ".p",
    "$p",
    " p",
    "p ",
    "p.",
    "a/b",
    "a\\b",
    "../p",
    "a|b",
    'a"b',
    "a:b",
    "a*",
    "a?",
    "<a>",
]
BAD_NAMES += ["a\nb", "a\x00b", "a\x1fb", "x" * 201, "写" * 67, "\udcff"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_names_are_refused_everywhere(workspace: Workspace, name: str):
    """Projects, data sets and models: names that leave the folder, hide, or fail on some system."""
    with pytest.raises(WorkspaceError, match="cannot be the name of a project"):
        workspace.draft(name)
    with pytest.raises(WorkspaceError, match="cannot be the name of a project"):
        workspace.project(name)
    with pytest.raises(WorkspaceError, match="cannot be the name of a model"):
        workspace.model_files(name)
    with pytest.raises(WorkspaceError, match="cannot be the name of a data set"):
        workspace.draft("p").add_dataset(name)
    assert workspace.projects() == []


@pytest.mark.parametrize(
    "name", ["p", "unet-kitti-veh (ckpt 27)", "größe", "写真", "a.b_c-d+e,f", "写" * 66, "x" * 200]
)
def test_good_names_are_taken(workspace: Workspace, name: str):
    """Spaces, parentheses, any language, up to 200 bytes."""
    assert check_name(name, what="project") == name
    add_picture(draft := workspace.draft(name))
    draft.commit(META, {})
    assert workspace.projects() == [name]


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("training", "../../escaped.png"),
        ("training", "/tmp/escaped.png"),
        ("training", "..\\escaped.png"),
        ("training", ".hidden.png"),
        ("training", "a\x00.png"),
        ("training", "\udcff.png"),
        ("training", ""),
        ("training", "notes.txt"),
        ("training", "a"),
        ("..", "a.png"),
        ("../training", "a.png"),
        ("a/b", "a.png"),
        ("", "a.png"),
    ],
)
def test_a_picture_cannot_leave_its_data_set(workspace: Workspace, dataset: str, name: str):
    """Nor be written where nobody would find it again as a picture."""
    draft = workspace.draft("p")
    draft.add_dataset("training")
    before = sorted(Path(workspace.files.root).parent.rglob("*"))

    with pytest.raises(WorkspaceError, match=r"cannot be|is no picture"):
        draft.write(dataset, name, picture=PICTURE, annotation=CAR)

    assert sorted(Path(workspace.files.root).parent.rglob("*")) == before


@pytest.mark.parametrize("name", ["a.png", "a:b?.PNG", "frame 1 (2).JPeG", "写.tif", "a..b.webp", "x" * 196 + ".bmp"])
def test_picture_names_are_freer_than_project_names(name: str):
    """They are somebody else's and are kept."""
    assert check_picture_name(name) == name


def test_a_misspelt_project_gets_the_nearest_name(workspace: Workspace):
    """Or the list of all."""
    small_project(workspace, "kitti-train")

    with pytest.raises(WorkspaceError, match=r"no project 'kiti-train' in .*; did you mean 'kitti-train'"):
        workspace.project("kiti-train")


def test_damaged_annotations_and_metas_name_their_file(workspace: Workspace):
    """The project and the file, then what is wrong with it."""
    project = small_project(workspace, count=1)
    [key] = project.keys()
    project.files.write(f"training/ann/{key.name}.json", b'{"size": {"height": 6}}')
    with pytest.raises(DataError, match=r"training/ann/000000_10\.png\.json of project 'small': .* needs 'size'"):
        project.annotation(key)

    project.files.write("meta.json", b"{}")
    with pytest.raises(DataError, match=r"project 'small': .*needs a list 'classes'"):
        _ = workspace.project("small").meta


def test_a_picture_without_annotation_is_named(workspace: Workspace):
    """The path says which."""
    project = small_project(workspace, count=1)

    with pytest.raises(DataError, match=r"training/ann/b\.png\.json: no such file; .*, or remove the picture"):
        project.annotation(ItemKey("small", "training", "b.png"))


def test_a_folder_without_meta_is_no_project(workspace: Workspace):
    """Nor is a model without its config; other things in a project's folder are no data sets."""
    workspace.files.make_folder("projects/empty")
    workspace.files.make_folder("models/empty")
    project = small_project(workspace)
    project.files.make_folder("masks_machine")
    project.files.write("training/img/notes.txt", b"")

    assert workspace.projects() == ["small"]
    assert workspace.models() == []
    assert project.datasets == ["training"]
    assert len(project.keys()) == 3
    with pytest.raises(WorkspaceError, match="no model 'empty'"):
        workspace.model_files("empty")


def test_a_project_can_be_pickled(workspace: Workspace):
    """It travels to workers, before and after its meta was read."""
    project = small_project(workspace)
    fresh = pickle.loads(pickle.dumps(project))
    _ = project.meta

    assert fresh.meta == pickle.loads(pickle.dumps(project)).meta == project.meta
    assert fresh.item(fresh.keys()[0]).annotation.image == SMALL


def test_a_workspace_may_be_a_uri(tmp_path: Path):
    """The same place under its path and as a URI."""
    small_project(Workspace.at((tmp_path / "space").as_uri()), "p")

    assert Workspace.at(tmp_path / "space").projects() == ["p"]
