"""What every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from kittiseg.engine import Engine
from kittiseg.engine.cluster import connect
from kittiseg.project.store import Workspace
from tests.data.s3 import BUCKET, KEYS, serving

os.environ.update(KEYS)  # before Ray starts, whose workers have its environment
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")  # time never decides a test

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def _beside_the_project(folder: Path) -> Path:
    if not folder.is_dir():
        pytest.skip(f"needs the folder {folder.name!r} in ../shared beside the project, which is not here")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return Workspace.at(tmp_path / "workspace")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The endpoint of a server for all tests that ask for it."""
    with serving() as endpoint:
        yield endpoint


@pytest.fixture
def s3_workspace(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace in object storage."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    return Workspace.at(f"s3://{BUCKET}/{tmp_path.name}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real pictures that may not be copied into the project: ``kitti`` and ``aerial``."""
    return _beside_the_project(_SHARED / "data")


@pytest.fixture(scope="session")
def oracle() -> Path:
    """Outputs of the original of 2018."""
    return _beside_the_project(_SHARED / "oracle")


@pytest.fixture(scope="session")
def ray_engine() -> Iterator[Engine]:
    """One Ray with two CPUs for all tests that ask for it: it takes seconds to start."""
    os.environ.setdefault("RAY_metrics_report_interval_ms", "1000")  # or a test would wait for ten seconds
    engine = connect(cpus=2)
    yield engine
    engine.shutdown()
