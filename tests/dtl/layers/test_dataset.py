"""Into which data set pictures go."""

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.dataset import Dataset
from kittiseg.errors import ConfigError
from tests.data.programs import no_draw, only
from tests.data.projects import item_with_square


def test_a_name_of_ones_own() -> None:
    assert only(Dataset(name="my set").apply(item_with_square(), no_draw)).dataset == "my set"


def test_save_original_is_the_sources_own() -> None:
    """Whatever layers before have said."""
    renamed = only(Dataset(name="other").apply(item_with_square(), no_draw))

    assert only(Dataset(rule="save_original").apply(renamed, no_draw)).dataset == "training"


@pytest.mark.parametrize(
    "settings",
    [{}, {"name": "a", "rule": "save_original"}, {"name": "a/b"}, {"name": ""}, {"name": "ä"}, {"name": "a "}],
    ids=str,
)
def test_refuses_what_is_no_folder(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"either 'name' or 'rule'|'name' is|cannot be the name"):
        parse(Dataset, settings, source="test")
