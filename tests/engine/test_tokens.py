import stat
from pathlib import Path

import pytest

from kittiseg.engine.tokens import make_token, read_token


def test_the_token_can_be_read_by_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whoever reads it may run code on the cluster."""
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "ray" / "auth_token"))

    make_token()

    token = tmp_path / "ray" / "auth_token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert len(token.read_text()) == 64


def test_a_token_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Other programs of the user have it too."""
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "auth_token"))
    (tmp_path / "auth_token").write_text("mine")

    make_token()

    assert (tmp_path / "auth_token").read_text() == "mine"


def test_a_token_in_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As in Ray; then no file is written."""
    monkeypatch.setenv("RAY_AUTH_TOKEN", "from outside")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "auth_token"))

    make_token()

    assert read_token() == "from outside"
    assert not (tmp_path / "auth_token").exists()


def test_no_token_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nor is an empty file one."""
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "auth_token"))
    assert read_token() is None

    (tmp_path / "auth_token").write_text("\n")

    assert read_token() is None
