import numpy as np
import pytest

from kittiseg.errors import ConfigError, DataError
from kittiseg.training.classes import ClassIndex
from kittiseg.training.config import Sampling, SpecialClasses
from kittiseg.training.model import ModelConfig
from kittiseg.training.sampling import quota_of
from tests.data.projects import meta_of
from tests.data.training import tiny_config

CLASSES = ClassIndex.of(meta_of(dict.fromkeys(("car", "neutral", "tram", "van"), "bitmap")), SpecialClasses())
COUNTS_NC = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 1]])


def test_pictures_with_a_pixel_of_any_of_the_classes_are_wanted() -> None:
    """car is 1, tram 2, van 3; neutral pixels are of none."""
    quota = quota_of(Sampling(classes=("car", "van"), share=0.9), CLASSES, COUNTS_NC, where="it")

    assert quota is not None
    assert quota.wanted_n.tolist() == [True, False, False, True]
    assert quota.share == 0.9


def test_nothing_is_wanted_by_default() -> None:
    """Then each picture is seen once."""
    assert quota_of(None, CLASSES, COUNTS_NC, where="it") is None


def test_classes_that_no_picture_has_are_an_error() -> None:
    """Which names where they were looked for, and what to change."""
    with pytest.raises(DataError, match=r"none of the 3 training pictures of query 'q' has a pixel of van .*/sampling"):
        quota_of(Sampling(classes=("van",), share=0.5), CLASSES, COUNTS_NC[:3], where="query 'q'")


def test_a_class_that_the_network_has_not_is_an_error() -> None:
    """Also the neutral one."""
    config = tiny_config(sampling={"classes": ["car", "vann", "neutral"], "share": 0.5})

    with pytest.raises(ConfigError, match=r"/sampling/classes/1: 'vann' .*did you mean 'van'(.|\n)*/classes/2: 'neut"):
        ModelConfig(config, CLASSES)
