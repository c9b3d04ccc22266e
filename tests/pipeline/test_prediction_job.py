from pathlib import Path

import numpy as np
import pytest
from torch import Tensor, nn

from kittiseg.errors import ConfigError
from kittiseg.inference.modes import Whole
from kittiseg.pipeline import PredictOptions
from kittiseg.pipeline.prediction_job import Job, make_forward, prepare, sight_of
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from kittiseg.training.temperature import keep_calibration
from tests.data.runs import WINDOWS, json_file, run_in

SIDE = Size(height=32, width=32)


def job_of(workspace: Workspace, folder: Path, **fields: object) -> Job:
    config = json_file(folder, "infer", {**WINDOWS, **fields})
    return prepare(run_in(workspace), PredictOptions(config, "m", "squares"))[0]


@pytest.mark.parametrize(
    ("wanted", "temperature"), [({}, 2.5), ({"temperature": "none"}, 1.0), ({"temperature": 3}, 3)]
)
def test_logits_are_divided_by_the_temperature_that_was_kept(
    workspace_of_models: Workspace, tmp_path: Path, wanted: dict[str, object], temperature: float
):
    """Or by the config's; the hotter, the less sure."""
    keep_calibration(workspace_of_models.model_files("m"), 1, {"temperature": 2.5})
    windows_nhwc = np.full((1, 32, 32, 3), 90, np.uint8)

    plain, job = (job_of(workspace_of_models, tmp_path, **how) for how in ({"temperature": "none"}, wanted))

    assert job.temperature == temperature
    logits_hw, hot_hw = (
        np.log(probs_nchw[0, 1]) - np.log(probs_nchw[0, 0])
        for probs_nchw in (make_forward(device="cpu", threads=1, job=each)(windows_nhwc) for each in (plain, job))
    )
    np.testing.assert_allclose(logits_hw, hot_hw * temperature, rtol=1e-3, atol=1e-5)


def test_the_mode_whole_knows_the_network(workspace_of_models: Workspace, tmp_path: Path):
    """Its input size and its step, before a worker begins."""
    job = job_of(workspace_of_models, tmp_path, mode={"source": "whole", "window": {"width": 40, "height": 36}})

    assert isinstance(job.mode, Whole)
    assert (job.mode.sight.input_size, job.mode.sight.step) == (SIDE, 16)
    assert job.mode.sight.halo > 0


def test_a_network_that_looks_everywhere_has_no_tiles():
    """Such as one that averages over its input."""

    class Mean(nn.Module):
        def forward(self, images_nchw: Tensor) -> Tensor:
            return images_nchw.mean(dim=(2, 3), keepdim=True).expand_as(images_nchw)

    with pytest.raises(ConfigError, match="/mode/source: this network averages over its whole input"):
        sight_of(Mean(), SIDE)
