"""Files for other programs."""

import pytest

from kittiseg.config import parse
from kittiseg.dtl.layers.save import Save
from kittiseg.errors import ConfigError
from kittiseg.project.storage import Layout
from tests.data.projects import item_with_square, meta_of

META = meta_of({"car": "bitmap"})


def test_leaves_out_what_is_not_wanted():
    assert Save(images=False, annotations=True).layout == Layout(images=False)


def test_something_must_be_saved():
    with pytest.raises(ConfigError, match="nothing would be saved"):
        parse(Save, {"images": False, "annotations": False}, source="q")


def test_shows_objects_only_where_it_is_asked_to():
    """In the colours of their classes, over the right one of two pictures."""
    item = item_with_square(top=1, left=2, side=3)

    assert not list(Save(images=True, annotations=True).extras(item, META))
    ((folder, image_hwc),) = Save(images=True, annotations=True, visualize=True).extras(item, META)

    assert folder == "visualize"
    assert image_hwc.shape == (6, 17, 3)
    assert (image_hwc[:, 9:] != item.image.pixels()).any(axis=2).sum() == 9
