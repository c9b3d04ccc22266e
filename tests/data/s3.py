"""A server of S3's interface as a process of its own, on loopback, and workspaces in it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow.fs as pafs

from kittiseg.project.files import Files
from kittiseg.project.store import Workspace
from kittiseg.project.versions import CURRENT

BUCKET = "bucket"
KEYS = {
    "AWS_ACCESS_KEY_ID": "tester",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

_CREDENTIALS = {
    "access_key": KEYS["AWS_ACCESS_KEY_ID"],
    "secret_key": KEYS["AWS_SECRET_ACCESS_KEY"],
    "region": KEYS["AWS_REGION"],
}


@contextmanager
def serving(**environment: str) -> Iterator[str]:
    """The endpoint of a server that has an empty bucket. ``environment``: moto's own settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        while not _answers(endpoint):
            assert process.poll() is None, "the server did not start"
            time.sleep(0.05)
        pafs.S3FileSystem(endpoint_override=endpoint, allow_bucket_creation=True, **_CREDENTIALS).create_dir(BUCKET)
        yield endpoint
    finally:
        process.kill()
        process.wait()


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(f"{endpoint}/moto-api/", timeout=5).close()
    except (OSError, urllib.error.HTTPError) as error:
        return isinstance(error, urllib.error.HTTPError)
    return True


def keys(files: Files) -> list[str]:
    """Every file, hidden ones too."""
    infos = files.filesystem.get_file_info(pafs.FileSelector(files.root, recursive=True, allow_not_found=True))
    return sorted(info.path.removeprefix(f"{files.root}/") for info in infos if info.type == pafs.FileType.File)


def leftovers_in_store(workspace: Workspace) -> list[str]:
    """Folders of projects that are neither the project nor the one before it; and what is left beside models."""
    left = [f"models/{name}" for name in workspace.files.hidden("models")]
    for name in workspace.files.folders("projects"):
        versions = workspace.versions(name)
        known = versions.files.find(CURRENT) or b""
        left += [f"projects/{name}/{each}" for each in versions.files.hidden() if each.encode() not in known]
    return left
