from pathlib import Path

import numpy as np
import pytest

from kittiseg.dtl.layers import LAYERS
from kittiseg.project.pixels import decode_rgb
from kittiseg.report.reference import write_reference
from kittiseg.report.reference_pictures import LARGEST_FILE, reference_picture

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("action", LAYERS)
def test_the_picture_is_what_the_layer_makes(action: str):
    """Whoever changes a layer makes it anew: python -m kittiseg.report.reference docs.

    Processors round the last bit of a resized pixel differently, so a mean difference of half a level passes.
    """
    file = (DOCS / "dtl" / f"{action}.png").read_bytes()
    kept_hwc, made_hwc = decode_rgb(file, name=action), decode_rgb(reference_picture(action), name=action)

    assert kept_hwc.shape == made_hwc.shape
    assert np.abs(kept_hwc.astype(int) - made_hwc).mean() < 0.5
    assert len(file) <= LARGEST_FILE


def test_all_pictures_together_are_small_and_belong_to_an_action():
    """A repository is cloned often."""
    files = list((DOCS / "dtl").glob("*.png"))

    assert {file.stem for file in files} == set(LAYERS)
    assert sum(file.stat().st_size for file in files) < 1_500_000


def test_pictures_of_actions_that_are_gone_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The folder holds what the page shows."""
    from kittiseg.report import reference

    monkeypatch.setattr(reference, "LAYERS", {"flip": LAYERS["flip"]})
    (tmp_path / "dtl").mkdir()
    (tmp_path / "dtl" / "zoom.png").write_bytes(b"old")

    write_reference(tmp_path)

    assert [path.name for path in (tmp_path / "dtl").iterdir()] == ["flip.png"]
    assert (tmp_path / "dtl.md").exists()
