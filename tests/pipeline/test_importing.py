from pathlib import Path

import pytest

from kittiseg.errors import DataError, WorkspaceError
from kittiseg.formats.road_scenes import write_road_scenes
from kittiseg.pipeline import import_pictures
from kittiseg.project.store import Workspace
from tests.data.kitti_folders import png, write, zipped
from tests.data.projects import SMALL
from tests.data.runs import digest_of_project, leftovers, run_in, told


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two training scenes and one test scene."""
    folder = tmp_path_factory.mktemp("scenes") / "data_semantics"
    write_road_scenes(folder, training=2, testing=1, seed=0)
    return folder


def test_a_whole_set_becomes_two_projects(workspace: Workspace, scenes: Path):
    """Training and testing, with all 34 classes."""
    made = import_pictures(run_in(workspace), "kitti", scenes, name="kitti")

    assert [(entry.project, entry.images) for entry in made] == [("kitti-train", 2), ("kitti-test", 1)]
    assert made[0].objects > 20
    assert len(workspace.project("kitti-train").meta.classes) == 34


def test_pictures_are_copied_byte_for_byte(workspace: Workspace, scenes: Path):
    """Nothing is decoded and encoded again."""
    import_pictures(run_in(workspace), "kitti", scenes, name="kitti")
    project = workspace.project("kitti-train")

    for key in project.keys():
        assert project.picture_bytes(key) == (scenes / "training" / "image_2" / key.name).read_bytes()


def test_a_zip_gives_what_its_folder_gives(workspace: Workspace, scenes: Path):
    """Read in place, also with a folder around it."""
    archive = zipped(scenes, inside="data_semantics/")
    import_pictures(run_in(workspace), "kitti", scenes, name="folder")
    import_pictures(run_in(workspace), "kitti", archive, name="zip")

    assert digest_of_project(workspace, "folder-train") == digest_of_project(workspace, "zip-train")


def test_ray_gives_what_one_process_gives(workspace: Workspace, scenes: Path, ray_engine):
    """The same bytes on both engines."""
    import_pictures(run_in(workspace), "kitti", scenes, name="here")
    import_pictures(run_in(workspace, ray_engine), "kitti", scenes, name="ray")

    assert digest_of_project(workspace, "here-train") == digest_of_project(workspace, "ray-train")
    assert workspace.project("here-train").digest == workspace.project("ray-train").digest


def damaged_pictures(folder: Path) -> Path:
    write(folder, "a.png", png(SMALL))
    write(folder, "b.png", b"no picture")
    write(folder, "c.png", png(SMALL)[:60])
    return folder


def test_all_damaged_pictures_are_named_in_one_error_and_nothing_is_imported(workspace: Workspace, tmp_path: Path):
    """Half a project would go unnoticed."""
    folder = damaged_pictures(tmp_path / "pictures")

    with pytest.raises(DataError, match=r"2 pictures cannot be imported(.|\n)*--skip-bad(.|\n)*b\.png(.|\n)*c\.png"):
        import_pictures(run_in(workspace), "images", folder, name="bad")

    assert workspace.projects() == []
    assert leftovers(workspace) == []


def test_damaged_pictures_can_be_left_out(workspace: Workspace, tmp_path: Path):
    """The rest is imported, and what is missing is said and remembered."""
    run = run_in(workspace)

    (made,) = import_pictures(run, "images", damaged_pictures(tmp_path / "pictures"), name="good", skip_bad=True)

    assert (made.images, len(made.skipped)) == (1, 2)
    assert len(told(run).warnings) == 2
    assert len(workspace.project("good").provenance["skipped"]) == 2


def test_a_project_that_is_there_stays(workspace: Workspace, scenes: Path):
    """Only --overwrite replaces it."""
    import_pictures(run_in(workspace), "kitti", scenes, name="kitti")
    before = digest_of_project(workspace, "kitti-train")

    with pytest.raises(WorkspaceError, match="project 'kitti-train' exists"):
        import_pictures(run_in(workspace), "kitti", scenes, name="kitti")

    assert digest_of_project(workspace, "kitti-train") == before


def test_a_misspelt_format_is_named_with_the_nearest():
    """No workspace is touched for it."""
    with pytest.raises(DataError, match="'kiti' is no import format; did you mean 'kitti'"):
        import_pictures(run_in(Workspace.at("nowhere")), "kiti", Path("nowhere"), name="x")


def test_nothing_is_imported_where_nothing_is_left(workspace: Workspace, tmp_path: Path):
    """A project without pictures would only be found out later."""
    write(tmp_path / "pictures", "a.png", b"no picture")
    write(tmp_path / "pictures", "b.png", b"")

    with pytest.raises(DataError, match=r"not one is left\n.*a\.png.*\n.*b\.png: an empty file"):
        import_pictures(run_in(workspace), "images", tmp_path / "pictures", name="bad", skip_bad=True)

    assert workspace.projects() == leftovers(workspace) == []


def test_a_name_that_no_folder_can_bear_is_refused(workspace: Workspace, scenes: Path):
    """Also where the projects' own names would be fine, -train and -test behind it."""
    with pytest.raises(WorkspaceError, match="'' cannot be the name of a project"):
        import_pictures(run_in(workspace), "kitti", scenes, name="")
