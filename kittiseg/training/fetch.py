"""Files from the internet, fetched once into a cache folder. Their names carry the start of their SHA-256."""

import hashlib
import os
import re
import urllib.request
import uuid
from pathlib import Path
from urllib.parse import urlparse

from kittiseg.errors import ModelError
from kittiseg.progress import Progress

_CHUNK = 1 << 20
_TIMEOUT_S = 30


def cache_folder() -> Path:
    """``$KITTISEG_CACHE``, or ``~/.cache/kittiseg``."""
    return Path(os.environ.get("KITTISEG_CACHE") or Path.home() / ".cache" / "kittiseg")


def fetch(url: str, folder: Path, progress: Progress) -> Path:
    """The file of the URL in the folder, fetched where it is not there yet. It appears there whole or not at all.

    ModelError where it cannot be had, or is not what the digest in its name (``name-6c64b313.pth``) says.
    """
    name = Path(urlparse(url).path).name
    target = folder / name
    if target.exists():
        return target
    partial = folder / f".{name}.{uuid.uuid4().hex[:8]}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = _download(url, partial, progress)
        wanted = _digest_in(name)
        if not found.startswith(wanted):
            raise ModelError(
                f"{url} gave a file with SHA-256 {found}; wanted {wanted}...: damaged on the way, or changed"
            )
        os.replace(partial, target)
    except OSError as error:  # URLError and time-outs are among them
        raise ModelError(f"{url} cannot be fetched into {folder}: {error}") from None
    finally:
        partial.unlink(missing_ok=True)
    return target


def _download(url: str, partial: Path, progress: Progress) -> str:
    """Writes the file and gives its SHA-256; OSError where it ends before the length that the server stated."""
    digest, received = hashlib.sha256(), 0
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, partial.open("wb") as stream:
        length = int(answer.headers.get("Content-Length") or 0)
        progress.start(f"fetching {partial.name[1:].split('.')[0]}", -(-length // _CHUNK), "MiB")
        while chunk := answer.read(_CHUNK):
            stream.write(chunk)
            digest.update(chunk)
            received += len(chunk)
            progress.advance()
        progress.finish()
    if received < length:
        raise OSError(f"the connection ended after {received} of {length} bytes")
    return digest.hexdigest()


def _digest_in(name: str) -> str:
    found = re.search(r"-([0-9a-f]{8,64})\.", name)
    if found is None:
        raise ValueError(f"the name {name!r} carries no digest")
    return found[1]
