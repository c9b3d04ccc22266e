"""Queries as JSON."""

import json
from pathlib import Path

import pytest

from kittiseg.dtl.query import read_query, source_projects
from kittiseg.errors import ConfigError
from tests.data.programs import layer, query

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
SPEC = CONFIGS.parents[1] / "shared" / "spec" / "tutorial.md"


def test_the_shipped_query_is_the_tutorials() -> None:
    """Character for character."""
    if not SPEC.exists():
        pytest.skip(f"needs the tutorial's text, {SPEC.name} in ../shared/spec beside the project, which is not here")
    blocks = SPEC.read_text().split("```json\n")

    assert (CONFIGS / "kitti_vehicles" / "transform.json").read_text() in {block.split("```")[0] for block in blocks}


def test_reads_a_list(tmp_path: Path) -> None:
    document = query(("data", "a/*", "$x", {}), save="$x")
    (tmp_path / "q.json").write_text(json.dumps(document))

    assert read_query(tmp_path / "q.json") == document


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "a query is a list of layers, not dict"),
        ('[{"action": "data", "action": "if"}]', "'action' stands twice"),
        ("[", "not valid JSON"),
    ],
)
def test_refuses_what_is_no_query(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "q.json").write_text(text)

    with pytest.raises(ConfigError, match=says):
        read_query(tmp_path / "q.json")


def test_projects_that_a_query_reads() -> None:
    """Each once, and only those of data layers, as far as the query can be read."""
    document = [
        layer("data", ["b/x", "b/y"], "$x"),
        layer("data", "a/*", "$x"),
        layer("dummy", "c/*", "$x"),
        {"action": "data", "src": "d/*"},
        {"action": "data", "src": 3},
        {"action": ["data"]},
        None,
    ]

    assert source_projects(document) == ["a", "b", "d"]
