import stat
from pathlib import Path

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
