import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kittiseg.errors import ModelError
from kittiseg.progress import Silent
from kittiseg.training.fetch import cache_folder, fetch
from tests.data.progress import Recorder

CONTENT = bytes(range(256)) * 10_000  # 2.5 MB, so several chunks


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL that a server on this machine gives its files under."""
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def put(folder: Path, content: bytes, *, digest_of: bytes | None = None) -> str:
    """The name of a file in the folder; its digest is that of ``digest_of``, or the right one."""
    digest = hashlib.sha256(content if digest_of is None else digest_of).hexdigest()
    name = f"weights-{digest[:8]}.pth"
    (folder / name).write_bytes(content)
    return name


def test_a_file_is_fetched_once(site: tuple[Path, str], tmp_path: Path) -> None:
    """With a bar in MiB; the second time it comes from the cache, though the server has lost it."""
    folder, url = site
    name, seen = put(folder, CONTENT), Recorder()

    path = fetch(f"{url}/{name}", tmp_path / "new" / "cache", seen)
    (folder / name).unlink()
    again = fetch(f"{url}/{name}", tmp_path / "new" / "cache", Silent())

    assert path == again
    assert path.read_bytes() == CONTENT
    assert seen.bars == [("fetching weights-" + name[8:16], 3, 3)]


def test_what_is_not_the_file_is_refused(site: tuple[Path, str], tmp_path: Path) -> None:
    """Where the digest is another than the name's, nothing stays in the cache."""
    folder, url = site
    name = put(folder, CONTENT, digest_of=b"something else")

    with pytest.raises(ModelError, match="damaged on the way, or changed"):
        fetch(f"{url}/{name}", tmp_path / "cache", Silent())
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/w-00000000.pth", "{site}/w-00000000.pth"])
def test_what_cannot_be_reached_is_an_error(site: tuple[Path, str], tmp_path: Path, url: str) -> None:
    """Nobody listening, or no such file: the error names the address, and nothing stays behind."""
    address = url.format(site=site[1])

    with pytest.raises(ModelError, match=f"{address} cannot be fetched"):
        fetch(address, tmp_path / "cache", Silent())
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_cache_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By $KITTISEG_CACHE; else it lies in the home folder."""
    monkeypatch.setenv("KITTISEG_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("KITTISEG_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "kittiseg"
