import io

from kittiseg.cli.console import plain_console
from kittiseg.cli.tables_jobs import show_cluster, show_jobs
from kittiseg.engine.dashboard import ClusterState
from kittiseg.engine.jobs import Job


def shown(show: object, *arguments: object) -> str:
    out = io.StringIO()
    show(plain_console(out, width=200), *arguments)  # type: ignore[operator]
    return out.getvalue()


def test_a_job_is_one_line_with_its_end():
    """How long it took, its exit code, and the command as it was given."""
    job = Job(
        id="train-m-12ab",
        status="FAILED",
        command="python -m kittiseg train c.json",
        started=1e9,
        ended=1e9 + 38.2,
        exit_code=2,
        message="",
    )

    head, line = shown(show_jobs, [job]).splitlines()

    assert head.split() == ["job", "started", "seconds", "exit", "code", "status", "command"]
    assert line.split()[0] == "train-m-12ab"
    assert line.split()[-6:] == ["38", "2", "failed", "kittiseg", "train", "c.json"]


def test_no_jobs_say_how_to_make_one():
    """An empty table says nothing."""
    assert "kittiseg submit -- COMMAND" in shown(show_jobs, [])


def test_what_is_not_known_to_be_in_use_is_a_dash():
    """The head tells of it some seconds after it has started, and on some clusters never."""
    state = ClusterState("http://h:8265", 2, {"CPU": 1.5}, {"CPU": 4.0, "GPU": 1.0}, ["a-12ab"])

    lines = shown(show_cluster, state, None).splitlines()

    assert lines == [
        *("dashboard: http://h:8265", "nodes:     2", "CPUs:      1.5 of 4 in use", "GPUs:      - of 1 in use"),
        "running:   a-12ab",
    ]


def test_of_what_is_not_there_nothing_is_in_use():
    """The head tells nothing of it, and there is nothing to wait for."""
    state = ClusterState("http://h:8265", 1, {"CPU": 0.0}, {"CPU": 4.0}, [])

    assert shown(show_cluster, state, None).splitlines()[2:4] == [
        "CPUs:      0 of 4 in use",
        "GPUs:      0 of 0 in use",
    ]
