"""Names that are files on every system."""

import pytest

from kittiseg.errors import WorkspaceError
from kittiseg.project.names import check_name, check_picture_name


def test_a_name_is_given_back_or_refused():
    """Data sets and projects stay in their folders."""
    assert check_name("kitti (small) ü", what="data set") == "kitti (small) ü"
    for name in ("", "..", "a/b", "$p", "p ", "x" * 201):
        with pytest.raises(WorkspaceError, match="cannot be the name of a data set"):
            check_name(name, what="data set")


def test_a_picture_s_name_ends_as_pictures_do():
    """It may have characters that a project's may not: it is somebody else's."""
    assert check_picture_name("a:b?.PNG") == "a:b?.PNG"
    with pytest.raises(WorkspaceError, match="is no picture's name"):
        check_picture_name("notes.txt")
    with pytest.raises(WorkspaceError, match="cannot be the file name of a picture"):
        check_picture_name("../a.png")
