"""What goes where: results to stdout, everything else to stderr."""

import io
import json
import os
import subprocess
import sys

import pytest

from kittiseg.cli import console
from kittiseg.cli.console import Terminal, stdout_kept_clean


def test_long_lines_are_not_broken_where_no_terminal_is(capsys: pytest.CaptureFixture[str]):
    """A path in an error or a log can be copied whole."""
    terminal = Terminal(quiet=False, results=io.StringIO())

    terminal.notice("a" * 200)
    terminal.warn("b" * 200)

    assert capsys.readouterr().err == f"{'a' * 200}\nwarning: {'b' * 200}\n"


def test_names_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]):
    """Neither brackets nor colons mean anything."""
    out = io.StringIO()
    terminal = Terminal(quiet=False, results=out)

    terminal.notice("frames [red] (1) :car: /x")
    terminal.out.print("frames [red] (1) :car: /x")

    assert capsys.readouterr().err == out.getvalue() == "frames [red] (1) :car: /x\n"


def test_quiet_keeps_warnings_alone(capsys: pytest.CaptureFixture[str]):
    """What has to be known is said all the same."""
    terminal = Terminal(quiet=True, results=io.StringIO())

    terminal.notice("starting")
    terminal.start("stats", 3, "pictures")
    terminal.advance()
    terminal.finish()
    terminal.warn("one is missing")

    assert capsys.readouterr().err == "warning: one is missing\n"


def test_a_bar_is_one_line_where_no_terminal_is(capsys: pytest.CaptureFixture[str]):
    """Logs are not filled with bars."""
    terminal = Terminal(quiet=False, results=io.StringIO())

    for title, total in (("import a", 1), ("import b", 2)):
        terminal.start(title, total, "pictures")
        terminal.advance(note="loss 0.5")
        terminal.finish()

    assert capsys.readouterr().err == "import a: 1 picture\nimport b: 2 pictures\n"


def test_what_there_is_to_say_of_a_bar_is_under_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """On a line of its own, as it is; a narrow terminal has no room beside the bar."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for a terminal then
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal(quiet=False, results=io.StringIO())
    note = "epoch 3.2/15, loss 0.1234, IoU 0.8123 [car], 35.2 pictures/s, 1.9 GB"

    terminal.start("train", 100, "steps")
    terminal.advance(note=note)
    terminal.finish()

    assert f"\n  {note}" in capsys.readouterr().err.replace("\r", "")


def test_json_that_no_parser_reads_is_refused():
    """NaN is no JSON number."""
    terminal = Terminal(quiet=False, results=io.StringIO())

    with pytest.raises(ValueError, match="not JSON compliant"):
        terminal.json({"iou": float("nan")})


def test_only_results_reach_stdout(capfd: pytest.CaptureFixture[str]):
    """What Python, a child process or a C library prints there goes to stderr; afterwards all is as before."""
    with stdout_kept_clean() as results:
        os.write(1, b"from a library\n")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        Terminal(quiet=False, results=results).json({"images": 2})
    os.write(1, b"after\n")

    out, err = capfd.readouterr()
    assert json.loads(out.removesuffix("after\n")) == {"images": 2}
    assert out.endswith("after\n")
    assert err == "from a library\nfrom a child\n"


def test_long_work_says_how_far_it_is_where_no_terminal_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """A line now and then, for whoever follows a job."""
    monkeypatch.setattr(console, "SAID_EVERY_S", 0)
    terminal = Terminal(quiet=False, results=io.StringIO())

    terminal.start("train", 3, "steps")
    terminal.advance(note="loss 0.5")
    terminal.advance(2)
    terminal.finish()

    assert capsys.readouterr().err == "train: 3 steps\ntrain: 1/3 steps, loss 0.5\ntrain: 3/3 steps\n"
