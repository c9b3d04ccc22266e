"""Files in Supervisely's layout."""

from pathlib import Path

import numpy as np
import pytest

from kittiseg.errors import DataError
from kittiseg.project.folder import FolderWriter, keep_only_files
from kittiseg.project.pixels import decode_rgb
from kittiseg.project.storage import FILES, Layout, Origin
from kittiseg.project.store import Workspace
from tests.data.projects import item_with_square, meta_of, picture
from tests.data.storages import write_kept

META = meta_of({"car": "bitmap"})
ITEM = item_with_square(name="a.png")
ORIGIN = Origin(ITEM, ())


def _files(workspace: Workspace) -> list[str]:
    root = Path(workspace.files.root)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_extras_lie_beside_the_picture(workspace: Workspace):
    """PNG files of its stem, whatever its own suffix; the digest covers them."""
    extra_hwc = picture(seed=7)
    writer = FolderWriter(workspace.files)

    plain = writer.add(ITEM, "a.jpg", origin=ORIGIN)
    digest = writer.add(ITEM, "a.jpg", origin=ORIGIN, extras=iter([("masks", extra_hwc)]))

    assert _files(workspace) == ["training/ann/a.jpg.json", "training/img/a.jpg", "training/masks/a.png"]
    assert np.array_equal(decode_rgb(workspace.files.read("training/masks/a.png"), name="a"), extra_hwc)
    assert digest != plain


def test_what_was_added_can_be_taken_back(workspace: Workspace):
    """With its extras."""
    writer = FolderWriter(workspace.files)
    for name in ("a.png", "b.png"):
        writer.add(ITEM, name, origin=ORIGIN, extras=iter([("masks", picture())]))

    writer.remove("training", "a.png")

    assert _files(workspace) == ["training/ann/b.png.json", "training/img/b.png", "training/masks/b.png"]


def test_what_is_not_known_goes(workspace: Workspace):
    """A kill left it; the journal, in meta/lineage, is no data set."""
    writer = FolderWriter(workspace.files)
    for name in ("a.png", "b.png"):
        writer.add(ITEM, name, origin=ORIGIN, extras=iter([("masks", picture())]))
    workspace.files.replace("meta/lineage/x.jsonl", b"")

    keep_only_files(workspace.files, {("training", "b.png")})

    assert _files(workspace) == [
        "meta/lineage/x.jsonl",
        "training/ann/b.png.json",
        "training/img/b.png",
        "training/masks/b.png",
    ]


@pytest.mark.parametrize(
    ("layout", "missing"), [(Layout(images=False), "pictures"), (Layout(annotations=False), "ann")]
)
def test_half_a_project_is_for_export_only(workspace: Workspace, layout: Layout, missing: str):
    """It is counted, and whoever would go on with it is told why not."""
    project = write_kept(workspace, "p", layout, META, {"a.png": (ITEM, ORIGIN)})

    assert project.images == 1
    with pytest.raises(DataError, match=f"'p' was saved without {missing}.*for export only"):
        project.keys()


def test_a_whole_picture_keeps_its_file(workspace: Workspace):
    """Byte for byte; a cut one is encoded."""
    source = write_kept(workspace, "source", FILES, META, {"a.png": (ITEM, ORIGIN)})
    (key,) = source.keys()

    copy = write_kept(workspace, "copy", FILES, META, {"b.png": (source.item(key), ORIGIN)})

    assert copy.picture_bytes(copy.keys()[0]) == source.picture_bytes(key)
