"""What pictures without objects take under a mode."""

from typing import Any

from kittiseg.config import parse
from kittiseg.inference.config import InferenceConfig
from kittiseg.inference.modes import Mode, make_mode
from kittiseg.inference.skip import SHOW_ALL, Sieve
from kittiseg.pipeline.footprints import Footprint, footprint_of
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Size


def mode_of(**fields: Any) -> Mode:
    """As the JSON has them."""
    return make_mode(parse(InferenceConfig, {"mode": fields}, source="a test").mode)


def tutorial() -> Mode:
    return mode_of(source="sliding_window", window={"width": 370, "height": 370}, min_overlap={"x": 300, "y": 0})


def sized(size: Size, mode: Mode, name: str = "picture.png", *, sieve: Sieve = SHOW_ALL) -> Footprint:
    return footprint_of(name, size, mode.regions(Annotation(size)), sieve)
