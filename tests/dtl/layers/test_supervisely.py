"""The end of every query."""

from kittiseg.dtl.layers.supervisely import Supervisely
from tests.data.programs import META, program


def test_names_the_project_and_changes_no_class() -> None:
    assert Supervisely().declare(META) == META
    assert program(save="$in").output == "out"
    assert program(save="$in").meta == META
