"""Which names projects, data sets and pictures may bear, so that they can be files on every system."""

from kittiseg.errors import WorkspaceError
from kittiseg.project.pixels import PICTURE_SUFFIXES

_FORBIDDEN_IN_NAMES = '/\\|:*?"<>'
_LONGEST_NAME = 200  # bytes; file systems allow 255, and what is being written bears a longer name


def check_name(name: str, *, what: str) -> str:
    """The name as it is; WorkspaceError where it cannot be the name of a folder on every system."""
    wrong = any(char in _FORBIDDEN_IN_NAMES for char in name) or _unwritable(name)
    if wrong or name.startswith((".", "$", " ")) or name.endswith((" ", ".")):
        raise WorkspaceError(
            f"{name!r} cannot be the name of a {what}: use letters, digits, spaces, '-', '_', '.', '(' and ')', "
            f"beginning and ending with none of ' ', '.', '$', at most {_LONGEST_NAME} bytes"
        )
    return name


def check_picture_name(name: str) -> str:
    """The file name as it is; WorkspaceError where it would leave its folder, or not be found again as a picture."""
    if _unwritable(name) or "/" in name or "\\" in name or name.startswith("."):
        raise WorkspaceError(f"{name!r} cannot be the file name of a picture; rename it")
    if not name.lower().endswith(PICTURE_SUFFIXES):
        raise WorkspaceError(f"{name!r} is no picture's name: it ends in none of {', '.join(PICTURE_SUFFIXES)}")
    return name


def _unwritable(name: str) -> bool:
    """Empty, too long, with control characters or with half characters, which come from damaged file names."""
    return (
        not name.strip()
        or any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in name)
        or len(name.encode(errors="replace")) > _LONGEST_NAME
    )
