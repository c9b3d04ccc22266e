import os
import stat
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kittiseg.engine.cluster import _make_token as make_token
from kittiseg.engine.cluster import connect
from kittiseg.errors import ResourceError


def test_a_silent_address_is_refused_within_seconds():
    """Ray itself would try for minutes."""
    with pytest.raises(ResourceError, match=r"nothing answers at --address 127\.0\.0\.1:1 "):
        connect("127.0.0.1:1")


def test_an_address_without_a_port_is_refused():
    """The error says what an address looks like."""
    with pytest.raises(ResourceError, match="wanted host:port of a Ray head"):
        connect("my-cluster")


def test_the_token_can_be_read_by_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whoever reads it may run code on the cluster."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "ray" / "auth_token"))

    make_token()

    token = tmp_path / "ray" / "auth_token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert len(token.read_text()) == 64


def test_a_token_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Other programs of the user have it too."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "auth_token"))
    (tmp_path / "auth_token").write_text("mine")

    make_token()

    assert (tmp_path / "auth_token").read_text() == "mine"


def test_a_cluster_that_is_gone_does_not_keep_a_new_one_from_starting():
    """Ray remembers the last one in a file, and asks it for many minutes where it is not told otherwise."""
    with TemporaryDirectory(dir="/tmp") as folder:  # a short path: sockets lie below it
        Path(folder, "ray").mkdir()
        Path(folder, "ray", "ray_current_cluster").write_text("127.0.0.1:1")
        code = (
            "from kittiseg.engine.cluster import connect; e = connect(cpus=1); print(e.resources().cpus); e.shutdown()"
        )

        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "RAY_TMPDIR": folder},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )

    assert done.stdout.splitlines()[-1] == "1"
