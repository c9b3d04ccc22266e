"""Shards for reading at scale."""

import pytest

from kittiseg.dtl.layers.parquet import Parquet
from kittiseg.errors import ConfigError
from tests.data.projects import meta_of


def test_a_label_map_holds_255_classes():
    """And says so before a picture is read."""
    shapes = {f"c{number}": "bitmap" for number in range(256)}

    assert Parquet().layout.kind == "parquet"
    assert len(Parquet().declare(meta_of(dict(list(shapes.items())[:255]))).classes) == 255
    with pytest.raises(ConfigError, match="256 classes come, but a label map holds 255"):
        Parquet().declare(meta_of(shapes))
