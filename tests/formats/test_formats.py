"""The table of formats and the folder agree."""

from pathlib import Path

import kittiseg.formats
from kittiseg.formats import FORMATS

NO_FORMATS = {"__init__", "plan", "source"}  # what formats are made of


def test_every_file_of_the_folder_is_in_the_table() -> None:
    """One file per format, of the same name."""
    folder = Path(kittiseg.formats.__file__).parent
    assert set(FORMATS) == {path.stem for path in folder.glob("*.py")} - NO_FORMATS


def test_every_format_says_in_a_line_what_it_reads() -> None:
    """For help."""
    assert all(reader.summary and "\n" not in reader.summary for reader in FORMATS.values())
