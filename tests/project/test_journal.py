import pytest

from kittiseg.project.geometry import View, Window
from kittiseg.project.item import Deed, ItemKey
from kittiseg.project.journal import FOLDER, Journal, Output, Row
from kittiseg.project.store import Workspace

VIEW = View(window=Window(top=4, left=3, height=2, width=1), left_right=True)
ROW = Row(
    ItemKey("p", "ds", "ä.png"),
    stamp=(1, 2),
    counts=(1, 2),
    outputs=(
        Output("ds", "ä_m1.png", "00ff", (Deed(8, "crop", {"window": [3, 4, 1, 2]}),), VIEW),
        Output("other", "ä_m1.png", "ff00"),
    ),
    tags={"train": 2},
    warnings=("odd",),
)


@pytest.fixture
def journal(workspace: Workspace) -> Journal:
    workspace.files.make_folder(FOLDER)
    return Journal(workspace.files)


def test_a_row_comes_back_as_it_was_written(journal: Journal):
    """Views and lineage included."""
    journal.write("a", [ROW])

    assert list(journal.rows()) == [ROW]


def test_a_picture_is_found_by_its_data_set_and_name(journal: Journal):
    """The same name in another data set is another picture."""
    journal.write("a", [Row(ItemKey("p", "ds", "b.png"))])
    journal.write("b", [ROW])

    assert journal.find("other", "ä_m1.png") == (ROW, ROW.outputs[1])
    assert journal.find("ds", "b.png") is None


def test_rows_with_an_error_are_left_out(journal: Journal):
    """They are done again."""
    journal.write("a", [Row(ItemKey("p", "ds", "b.png"), error="damaged"), ROW])

    assert [row.source for row in journal.rows()] == [ROW.source]
