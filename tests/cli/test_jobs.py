"""One cluster of our own for all, started by ``cluster up`` and ended by ``cluster down``."""

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from kittiseg.cli import run as command_line
from kittiseg.engine.cluster import prepare
from kittiseg.engine.local_cluster import LocalCluster
from kittiseg.errors import ResourceError
from kittiseg.project.store import Workspace
from tests.data.local_clusters import apart, listening, naming, running_cluster, start
from tests.data.runs import TINY_TRAINING, json_file
from tests.data.training import write_squares


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with running_cluster() as made:
        yield made


def test_all_of_it_listens_on_loopback_alone(cluster: LocalCluster):
    """Dashboard, job server, head, raylet, agents, metrics: no network reaches any of them."""
    assert {address.removeprefix("::ffff:") for address in listening(cluster)} == {"127.0.0.1"}


def test_its_folder_is_its_users_alone(cluster: LocalCluster):
    """Ray would let everybody read its logs and use its sockets."""
    assert Path(cluster.folder).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("wrong", 403)])
def test_nobody_submits_without_the_token(cluster: LocalCluster, token: str | None, status: int):
    """A job is any program."""
    job = json.dumps({"entrypoint": "true"}).encode()
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(f"{cluster.dashboard}/api/jobs/", data=job, headers=headers)

    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=20)

    assert refusal.value.code == status


@pytest.mark.parametrize(
    ("variable", "value", "at_the_job_server", "at_the_head"),
    [
        ("RAY_AUTH_TOKEN", "wrong", "does not accept the token", "does not accept the token"),
        (
            "RAY_AUTH_TOKEN_PATH",
            "/nowhere/auth_token",
            "copy the one of its head to /nowhere/auth_token",
            "asks for a token, and there is none here",
        ),
    ],
    ids=["wrong", "missing"],
)
def test_a_token_that_does_not_fit_is_an_error_at_once(
    variable: str,
    value: str,
    at_the_job_server: str,
    at_the_head: str,
    cluster: LocalCluster,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    """Ray itself would try for minutes. Where there is none, the error says where it would be looked for."""
    monkeypatch.setenv(variable, value)

    assert command_line(["jobs", "list"]) == 2
    assert at_the_job_server in capfd.readouterr().err
    with pytest.raises(ResourceError, match=at_the_head):
        prepare(cluster.address)


def test_a_second_one_is_refused(cluster: LocalCluster, capfd: pytest.CaptureFixture[str]):
    """The first would be forgotten, and go on for ever."""
    assert command_line(["cluster", "up", "--local"]) == 2
    assert f"a local cluster is there already: {cluster.address}" in capfd.readouterr().err


def test_a_command_is_followed_to_its_end(cluster: LocalCluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Its log on stdout, notices on stderr, its exit code; it is found again in the list, and its log with it."""
    code = command_line(["-w", str(tmp_path), "submit", "--follow", "--name", "my first", "--", "projects"])

    out, err = capfd.readouterr()
    assert code == 0, err
    assert out.startswith("Running entrypoint")
    assert f"{tmp_path}: no projects yet" in out
    (job_id,) = re.findall(r"submitted (my-first-[0-9a-f]{4}) to", err)
    (listed,) = [job for job in _json(capfd, "jobs", "list", "--json") if job["id"] == job_id]
    assert (listed["status"], listed["exit_code"]) == ("SUCCEEDED", 0)
    assert command_line(["jobs", "logs", job_id]) == 0
    assert f"{tmp_path}: no projects yet" in capfd.readouterr().out


def test_a_command_that_fails_ends_with_its_code(
    cluster: LocalCluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    """2: the user can mend it. The query that it read went along with it, and nothing else did."""
    layer = {"action": "data", "src": ["not-there/*"], "dst": "$a", "settings": {"classes_mapping": "default"}}
    query = json_file(tmp_path, "query", [layer, {"action": "supervisely", "src": ["$a"], "dst": "p", "settings": {}}])
    (tmp_path / "beside.json").write_text("{}")

    code = command_line(["-w", str(tmp_path / "w"), "submit", "--follow", "--json", "--", "transform", str(query)])

    out, err = capfd.readouterr()
    assert code == json.loads(out)["exit_code"] == 2
    assert "no project 'not-there'" in err
    assert re.search(r"^job transform-query-[0-9a-f]{4} failed: exit code 2; its log says why$", err, re.MULTILINE)
    folders = Path(cluster.folder).glob("ray/session_2*/runtime_resources/working_dir_files/*/inputs/*")
    assert {path.name for path in folders} == {"query.json"}


def test_ctrl_c_detaches_and_the_job_goes_on(cluster: LocalCluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """What was said then leads back to it; stopped, it ends as by SIGTERM."""
    process = _following_a_long_training(tmp_path)

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    (job_id,) = re.findall(r"detached; .* kittiseg jobs attach (train-m-[0-9a-f]{4});", err)
    assert job_id in _json(capfd, "cluster", "status", "--json")["running"]
    assert command_line(["jobs", "stop", job_id]) == 0
    assert command_line(["jobs", "attach", job_id]) == 143
    assert command_line(["jobs", "stop", job_id]) == 0
    assert f"{job_id} is stopped\n" in (out := capfd.readouterr().out)
    assert out.endswith(f"{job_id} had ended already\n")


def test_an_unknown_job_is_an_error_that_knows_the_others(cluster: LocalCluster, capfd: pytest.CaptureFixture[str]):
    """Names are long, and end in letters that mean nothing."""
    assert command_line(["submit", "--name", "quick", "--", "schema", "train"]) == 0
    job_id = capfd.readouterr().out.strip()
    wrong = job_id[:-1] + ("0" if job_id[-1] != "0" else "1")

    for command in ("logs", "attach", "stop"):
        assert command_line(["jobs", command, wrong]) == 2
        assert f"no job '{wrong}' at {cluster.dashboard}; did you mean '{job_id}'?" in capfd.readouterr().err


def test_the_status_counts_nodes_and_cpus(cluster: LocalCluster, capfd: pytest.CaptureFixture[str]):
    """And says where everything is. What is in use is called as what is there."""
    state = _json(capfd, "cluster", "status", "--json")
    while not state["used"]:  # the head tells of it some seconds after it has started
        state = _json(capfd, "cluster", "status", "--json")

    assert (state["head"], state["address"], state["nodes"]) == (cluster.address, cluster.dashboard, 1)
    assert state["total"]["CPU"] == 2
    assert state["used"].keys() == state["total"].keys()


def test_other_commands_of_this_machine_use_it(cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As the one that Ray remembers, without what ``cluster up`` wrote down; its dashboard is found too."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("RAY_TMPDIR", cluster.folder)
    code = (
        "import sys; from kittiseg.engine.jobs import Jobs; from kittiseg.pipeline import Run;"
        "from tests.data.progress import Recorder;"
        "run = Run.at(sys.argv[1], address='auto', progress=(heard := Recorder()));"
        "print(*(Jobs.at(address).dashboard.url for address in (sys.argv[2], 'auto')));"
        "print(run.engine.resources().cpus, *heard.notices)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), cluster.address],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    where = f"auto, which is {cluster.address} by {cluster.folder}/ray/ray_current_cluster"
    assert done.stdout.splitlines()[-2:] == [
        f"{cluster.dashboard} {cluster.dashboard}",
        f"2 connecting to Ray at {where}",
    ]


def test_down_leaves_no_process_and_no_file(cluster: LocalCluster, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Jobs go too; whatever else runs on the machine does not. Who follows one learns what has become of it."""
    follower = _following_a_long_training(tmp_path)
    children = psutil.Process(cluster.pid).children(recursive=True)
    assert len(children) > 5

    assert command_line(["cluster", "down"]) == 0

    said = follower.communicate(timeout=60)[1].splitlines()[-1]
    assert follower.returncode == 2
    assert said.startswith(f"error: the cluster at {cluster.dashboard} answers no more: it has ended, or")
    assert naming(cluster.folder) == []
    assert [one for one in children if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    assert not Path(cluster.folder).exists()
    assert command_line(["jobs", "list"]) == 2
    assert "which cluster? None was started here" in capfd.readouterr().err


def test_an_open_port_without_a_token_must_be_asked_for_twice(capfd: pytest.CaptureFixture[str]):
    """Once may be a slip."""
    with apart():
        assert command_line(["cluster", "up", "--local", "--no-token", "--dashboard-host", "0.0.0.0"]) == 2
    assert "say it again: --open-to-everybody" in capfd.readouterr().err


def test_what_makes_no_sense_as_a_job_is_refused(capfd: pytest.CaptureFixture[str]):
    """Before anything is asked of a cluster."""
    for words, said in (
        (["submit", "--", "projects"], "'submit' is for this machine"),
        (["cluster", "down"], "'cluster' is for this machine"),
        (["trian", "x"], "No such command 'trian'"),
        (["train", "c.json"], "Missing option"),
    ):
        assert command_line(["submit", "--", *words]) == 2
        assert said in capfd.readouterr().err


def test_nobody_there_is_said_within_seconds(capfd: pytest.CaptureFixture[str]):
    """With the ways to one that is."""
    assert command_line(["--address", "http://127.0.0.1:1", "submit", "--", "projects"]) == 2
    assert "nothing answers at http://127.0.0.1:1" in capfd.readouterr().err


def _following_a_long_training(folder: Path) -> "subprocess.Popen[str]":
    """Another process, which has shown that its job runs."""
    workspace = Workspace.at(folder / "workspace")
    write_squares(workspace)
    config = json_file(folder, "train", {**TINY_TRAINING, "epochs": 50000})
    options = ["-w", workspace.files.root, "--engine", "local"]
    command = ["train", str(config), "--project", "squares", "--name", "m"]
    process = start("submit", "--follow", "--", *options, *command)
    assert process.stdout is not None
    while "Running entrypoint" not in process.stdout.readline():
        assert process.poll() is None, process.communicate()[1]
    return process


def _json(capfd: pytest.CaptureFixture[str], *words: str) -> Any:
    assert command_line([*words]) == 0
    return json.loads(capfd.readouterr().out)
