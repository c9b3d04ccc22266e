"""What is said of files that cannot be read or written."""

import errno

import pytest

from kittiseg.errors import StorageError
from kittiseg.project.file_errors import unreadable, writing


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (OSError(errno.ENOSPC, "x"), "a/b: cannot be written: No space left on device; make room there, then run"),
        (OSError(errno.EACCES, "x"), "a/b: cannot be written: Permission denied; give yourself the right"),
        (OSError(errno.EIO, "x"), "a/b: cannot be written: Input/output error; mend that, then run"),
        (OSError("in words"), "a/b: cannot be written: in words; mend that, then run"),
    ],
)
def test_what_cannot_be_written_has_a_reason_and_a_remedy(error: OSError, wanted: str):
    with pytest.raises(StorageError, match=f"^{wanted}"), writing("a/b"):
        raise error


def test_what_cannot_be_read_has_a_reason():
    """A missing file is one of its own."""
    assert str(unreadable("a/b", FileNotFoundError(errno.ENOENT, "x"))) == "a/b: no such file"
    assert str(unreadable("a/b", OSError(errno.EIO, "x"))) == "a/b: cannot be read: Input/output error"
