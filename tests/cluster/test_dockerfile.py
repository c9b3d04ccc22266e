"""The image cannot be built in a test; what it says can be read."""

import tomllib

import pytest

from tests.data.cluster_files import CLUSTER, ROOT, pinned
from tests.data.dockerfile import instructions, is_ignored, problems

TEXT = (CLUSTER / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (CLUSTER / "Dockerfile.dockerignore").read_text(encoding="utf-8")


def test_it_keeps_its_promises():
    """Every source of a COPY is there, versions are pinned, and the user is not root."""
    assert problems(TEXT, IGNORED, ROOT) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("COPY kittiseg ./kittiseg", "COPY kitiseg ./kittiseg", "COPY kitiseg: there is none"),
        ("COPY configs ./configs", "COPY tests ./tests", "COPY tests: is ignored"),
        ("USER ray", "", "the last user is root"),
        ("USER ray", "USER ray\nUSER root", "the last user is root"),
        ('-c constraints.txt ".[optuna]"', '".[optuna]"', "without constraints: pip install"),
        ("FROM python:3.11-slim", "FROM python:latest", "no slim Python of a fixed version"),
        ("WORKDIR /opt", "WORKDRI /opt", "'WORKDRI' is no instruction"),
    ],
)
def test_what_breaks_a_promise_is_found(old: str, new: str, problem: str):
    """So the check is one."""
    assert old in TEXT

    assert problem in "; ".join(problems(TEXT.replace(old, new, 1), IGNORED, ROOT))


def test_no_data_and_no_token_get_into_the_image():
    """What is not named stays out, whatever lies in the folder."""
    assert all(is_ignored(path, IGNORED) for path in ("workspace", "demo-workspace", ".git", ".venv", "auth_token"))


def test_the_package_s_own_needs_are_copied():
    """pyproject.toml names two files that its build reads."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    copied = {word for line in instructions(TEXT) if line.keyword == "COPY" for word in line.words.split()[:-1]}

    assert {"pyproject.toml", project["readme"], *project["license-files"], "kittiseg"} <= copied
    assert "optuna" in project["optional-dependencies"]


def test_its_python_is_that_of_the_clusters():
    """Pickles of one Python are not read by another."""
    (base,) = (line.words for line in instructions(TEXT) if line.keyword == "FROM")
    version = base.removeprefix("python:").removesuffix("-slim")

    assert f"rayproject/ray:{pinned('ray')}-py{version.replace('.', '')}-cpu" in (CLUSTER / "aws.yaml").read_text()
