import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kittiseg.engine.cluster import connect
from kittiseg.engine.heads import find_head
from kittiseg.engine.jobs import find_dashboard
from kittiseg.errors import ResourceError
from tests.data.local_clusters import apart

STRANGER = 54321
"""The ID of a user who is neither this one nor root."""


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Ray's own file of the cluster that it started last; nobody is at the address in it."""
    with apart() as folder:
        monkeypatch.setenv("RAY_TMPDIR", str(folder))
        (folder / "ray").mkdir()
        file = folder / "ray" / "ray_current_cluster"
        file.write_text("127.0.0.1:1")
        yield file


def test_an_address_is_a_host_and_a_port():
    """This machine's where no host is named."""
    assert find_head("head:6379").address == "head:6379"
    assert find_head(":6379").address == "127.0.0.1:6379"


@pytest.mark.parametrize("address", ["nonsense", "head:", "head:x", "head:0", "head:65536", "head:\u0663"])
def test_what_is_no_address_is_told_what_one_looks_like(address: str):
    """And how to get one."""
    with pytest.raises(ResourceError, match=f"^--address {address}: wanted host:port of a Ray head, as in .* --local"):
        find_head(address)


def test_auto_is_the_cluster_of_cluster_up_before_any_other(remembered: Path):
    """It may have died; Ray itself would then try for ten minutes to reach it."""
    made = {"address": "127.0.0.1:2", "dashboard": "http://127.0.0.1:3", "folder": "/x", "pid": 0, "token": True}
    state = remembered.parents[1] / "state" / "kittiseg"
    state.mkdir(parents=True)
    (state / "cluster.json").write_text(json.dumps(made))

    with pytest.raises(ResourceError, match=r"at --address auto, which is 127\.0\.0\.1:2 by kittiseg cluster up \("):
        connect("auto")
    assert find_dashboard("auto").url == "http://127.0.0.1:3"


def test_auto_is_else_the_one_that_ray_remembers_and_the_error_says_so(remembered: Path):
    """The user has never typed that address."""
    said = f"at --address auto, which is 127\\.0\\.0\\.1:1 by {remembered} .*kittiseg cluster up --local starts one"
    for find in (connect, find_dashboard):
        with pytest.raises(ResourceError, match=said):
            find("auto")


def test_a_file_of_another_user_is_not_followed(remembered: Path, monkeypatch: pytest.MonkeyPatch):
    """Ray's folder is open to everybody, and whoever is asked is shown the token."""
    if os.getuid() == 0:
        os.chown(remembered, STRANGER, -1)
    else:
        monkeypatch.setattr(os, "getuid", lambda: STRANGER)

    with pytest.raises(ResourceError, match=rf"^--address auto: {remembered} is another user's"):
        find_head("auto")


def test_auto_where_nothing_was_started_says_how_to_start_one(remembered: Path):
    """Nobody is asked then."""
    remembered.unlink()

    with pytest.raises(ResourceError, match=r"nobody has started a cluster here; .*kittiseg cluster up --local"):
        find_head("auto")
