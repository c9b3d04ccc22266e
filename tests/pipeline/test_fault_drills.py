"""Nodes and heads of a real cluster that are lost while a stage is at work: nothing shows in what is written."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kittiseg.pipeline import PredictOptions, TrainOptions, predict, train, transform
from kittiseg.project.geometry import Size
from kittiseg.project.store import Workspace
from tests.data.commands import start_command
from tests.data.drills import STORE, Drill
from tests.data.kills import KILLABLE, assert_unscathed, last_weights, sessions, wait_until, write_killable
from tests.data.projects import small_project
from tests.data.queries import chain
from tests.data.runs import TINY_TRAINING, WINDOWS, digest_of_project, json_file, leftovers, run_in
from tests.data.train_worker import InProcesses

pytestmark = pytest.mark.drill

COUNT = 36
"""Pictures of 2.4 MB of noise, which are more than an object store holds."""

ENDS_ITSELF_S = "24"
"""After so long without a head Ray ends a process; we must be quicker."""

STAGES = {
    "transform": ["transform", "QUERY.json"],
    "predict": ["predict", "WINDOWS.json", "--model", "m", "--project", "streets", "--name", "predicted"],
    "train": ["train", "TRAIN.json", "--project", "squares", "--name", "m2"],
    "tune": ["tune", "FOUR.json", "--name", "s"],
    "two": ["tune", "TWO.json", "--name", "t"],
}


def alike(trials: int) -> dict[str, Any]:
    """A sweep whose trials nothing tells apart: nobody waits for so long."""
    space = {"train:/early_stopping": {"choice": [{"patience": 90 + number} for number in range(trials)]}}
    return {"train": "ONE.json", "project": "squares", "space": space, "searcher": {"name": "grid"}}


@dataclass(frozen=True)
class Drilled:
    """A workspace, and what the stages make in it where nobody disturbs them: digests, and the last weights."""

    workspace: Workspace
    folder: Path
    made: str
    predicted: str
    weights: bytes

    def start(self, stage: str, cluster: Drill, *more: str) -> subprocess.Popen[str]:
        words = [str(self.folder / word) if word.endswith(".json") else word for word in STAGES[stage]]
        return start_command(self.workspace, "--address", cluster.address, *words, *more, engine="ray")

    def wait_for(self, name: str, process: subprocess.Popen[str]) -> None:
        """Until some pictures of a project are done that the command writes."""
        projects = Path(self.workspace.files.path("projects"))
        wait_until(lambda: process.poll() is not None or len(list(projects.glob(f".{name}.*/*/ann/*.json"))) >= 3)
        assert process.poll() is None, f"it ended too early: {process.communicate()[1]}"

    def take(self, name: str) -> str:
        """The digest of a project, which is gone then."""
        digest = digest_of_project(self.workspace, name)
        self.workspace.files.remove(f"projects/{name}")
        return digest


@pytest.fixture(scope="module")
def drilled(tmp_path_factory: pytest.TempPathFactory) -> Drilled:
    folder = tmp_path_factory.mktemp("drilled")
    workspace = Workspace.at(folder / "workspace")
    small_project(workspace, "streets", count=COUNT, dataset="ds", size=Size(height=800, width=1000))
    write_killable(workspace)
    files = {
        "QUERY": chain("streets", ("flip", {"axis": "vertical"}), to="made"),
        "WINDOWS": {**WINDOWS, "mode": {"source": "full_image"}},
        "FIRST": {**TINY_TRAINING, "epochs": 1},
        "TRAIN": KILLABLE,
        "ONE": {**KILLABLE, "devices": "cpu:1", "epochs": 15},  # so long that none has ended when the last has begun
        "FOUR": alike(4),
        "TWO": alike(2),
    }
    query, windows, first, config, *_ = (json_file(folder, name, content) for name, content in files.items())
    train(run_in(workspace), TrainOptions(first, "squares", "m"))

    transform(run_in(workspace), query)
    predict(run_in(workspace), PredictOptions(windows, "m", "streets", "predicted"))
    train(run_in(workspace, InProcesses(folder=folder)), TrainOptions(config, "squares", "alone"))
    alone = Drilled(workspace, folder, "", "", b"")
    made, predicted = alone.take("made"), alone.take("predicted")
    return Drilled(workspace, folder, made, predicted, last_weights(workspace.model_files("alone")))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Drill]:
    """A head and three nodes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", ENDS_ITSELF_S)
        patch.setenv("RAY_AUTH_MODE", "token")  # for clusters that we start; this one knows of no token
        with Drill(nodes=3) as drill:
            yield drill


@pytest.mark.parametrize(("stage", "name"), [("transform", "made"), ("predict", "predicted")])
def test_a_lost_node_does_not_show(drilled: Drilled, cluster: Drill, stage: str, name: str):
    """The nodes that are left do its work too, and a line says so. Four nodes and three make what one process makes."""
    process = drilled.start(stage, cluster, *(["--devices", "cpu:4"] if stage == "predict" else []))
    drilled.wait_for(name, process)
    cluster.freeze()
    cluster.lose_node()
    said = next((line for line in process.stderr or () if "a node was lost" in line), "")
    cluster.freeze(thaw=True)
    _, err = process.communicate()
    cluster.add_node()

    assert re.fullmatch(r"warning: a node was lost \([0-9.]+, 1 CPU\); its work is done again\n", said)
    assert "a node was lost" not in err
    assert process.returncode == 0, err
    assert drilled.take(name) == getattr(drilled, name)
    assert leftovers(drilled.workspace) == []


def test_a_lost_node_does_not_show_in_a_sweep(drilled: Drilled, cluster: Drill):
    """A trial on each node; that of the lost one goes on from its checkpoint, when another has ended."""
    models = drilled.workspace.files.within("sweeps/s/models")
    trials = [f"{number:04d}" for number in range(4)]
    process = drilled.start("tune", cluster)
    wait_until(lambda: process.poll() is not None or all(models.folders(f"{trial}/checkpoints") for trial in trials))
    cluster.freeze("RayTrainWorker")
    cluster.lose_node()
    said = next((line for line in process.stderr or () if "a node was lost" in line), "")
    cluster.freeze("RayTrainWorker", thaw=True)
    _, err = process.communicate()
    cluster.add_node()

    assert process.returncode == 0, said + err
    assert said.startswith("warning: ")
    assert sorted(sessions(models.within(trial)) for trial in trials) == [1, 1, 1, 2]
    assert len({last_weights(models.within(trial)) for trial in trials}) == 1
    assert models.hidden() == []


def test_a_lost_head_ends_a_sweep_and_the_same_command_goes_on(drilled: Drilled):
    """On a new cluster, with the trials that are left; the one that was begun goes on from its checkpoint."""
    models = drilled.workspace.files.within("sweeps/t/models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", ENDS_ITSELF_S)
        with Drill() as lost:
            process = drilled.start("two", lost)
            wait_until(lambda: process.poll() is not None or models.folders("0000/checkpoints"))
            lost.end()
            _, err = process.communicate()
    assert process.returncode == 2, err
    assert f"error: the Ray cluster at {lost.address} is gone: its head has not" in err
    assert "Traceback" not in err

    with Drill() as other:
        process = drilled.start("two", other, "--resume")
        _, err = process.communicate()

    assert process.returncode == 0, err
    assert [sessions(models.within(trial)) for trial in ("0000", "0001")] == [2, 1]
    assert last_weights(models.within("0000")) == last_weights(models.within("0001"))


def test_a_lost_head_ends_each_stage_and_the_same_command_goes_on(drilled: Drilled, cluster: Drill):
    """On a new cluster, here of one node whose object store is smaller than the pictures.

    The exit code is 2, and one line says what has happened and what to do.
    """
    workspace, model = drilled.workspace, drilled.workspace.files.within("models/m2")
    training = drilled.start("train", cluster)
    wait_until(lambda: training.poll() is not None or (sessions(model) and model.folders("checkpoints")))
    cluster.freeze("RayTrainWorker")
    predicting = drilled.start("predict", cluster)
    drilled.wait_for("predicted", predicting)
    cluster.freeze("StateWorker")
    transforming = drilled.start("transform", cluster)
    drilled.wait_for("made", transforming)
    cluster.end()

    for process in (training, transforming, predicting):
        _, err = process.communicate()
        assert process.returncode == 2, err
        assert err.count("error: ") == err.count(f"the Ray cluster at {cluster.address} is gone: its head has not") == 1
        assert "Traceback" not in err
    assert workspace.projects() == ["squares", "streets"]

    with Drill() as other:
        for stage, more in (("transform", []), ("predict", []), ("train", ["--resume"])):
            process = drilled.start(stage, other, *more)
            _, err = process.communicate()
            assert process.returncode == 0, err
    pictures = Path(workspace.files.path("projects/streets/ds/img"))
    assert sum(path.stat().st_size for path in pictures.iterdir()) > STORE
    assert drilled.take("made") == drilled.made
    assert drilled.take("predicted") == drilled.predicted
    assert sessions(model) == 2
    assert_unscathed(workspace, "m2", drilled.weights)
