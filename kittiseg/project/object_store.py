"""Object storage that speaks S3: how it is reached, and what is wrong where it is not, within seconds.

Where it is and who asks comes from the environment, as all tools of AWS have it: ``AWS_ENDPOINT_URL`` for another
server than Amazon's, ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY``, or what else the SDK finds (``~/.aws``, the
role of a machine). Keys are never part of what is pickled for workers: each takes its own.
"""

import os
import re
from contextlib import suppress
from urllib.parse import urlsplit

import pyarrow.fs as pafs

from kittiseg.errors import WorkspaceError

_CONNECT_S = 3.0
_ATTEMPTS = 3
_WAIT_S = 10.0  # without a byte; on Linux the SDK has its own 3 s

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_REMEDIES = {
    "NO_SUCH_BUCKET": "make the bucket, or correct --workspace",
    "NETWORK_CONNECTION": "start the server, or correct AWS_ENDPOINT_URL",
    "ACCESS_DENIED": f"set {_KEYS} to those of somebody who may read and write there",
    "INVALID_ACCESS_KEY_ID": f"correct {_KEYS}",
    "SIGNATURE_DOES_NOT_MATCH": f"correct {_KEYS}",
}
_TEXTS = {"NO_SUCH_BUCKET": "there is no such bucket", "ACCESS_DENIED": "access denied"}
_ERROR = re.compile(r"AWS Error (\w+) during \w+ operation: (.*?)(?: \(Request ID: .*)?$", re.DOTALL)


def open_store(uri: str) -> tuple[pafs.FileSystem, str]:
    """The file system of ``s3://bucket/prefix``, and the path in it. WorkspaceError where it cannot be read."""
    place = urlsplit(uri)
    root = f"{place.netloc}{place.path}".rstrip("/")
    if not place.netloc or "@" in place.netloc or place.query or " " in place.netloc:
        raise WorkspaceError(
            f"{place.scheme}://{place.hostname or ''}{place.path}: not a place that files can be at: wanted "
            f"s3://bucket/prefix, and endpoint and keys in the environment (AWS_ENDPOINT_URL, {_KEYS})"
        )
    try:
        filesystem = pafs.S3FileSystem(
            endpoint_override=_endpoint(),
            region=_region(place.netloc),
            connect_timeout=_CONNECT_S,
            request_timeout=_WAIT_S,
            retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
            allow_delayed_open=True,  # a small file is one request then, not three
        )
        with suppress(FileNotFoundError):
            filesystem.get_file_info(pafs.FileSelector(f"{root}/.none"))  # to ask for a file says nothing of the bucket
    except OSError as error:
        reason, remedy = explain(error)
        raise WorkspaceError(f"{uri}: cannot be read: {reason}; {remedy}") from None
    return filesystem, root


def explain(error: OSError) -> tuple[str, str]:
    """What is wrong, and the remedy; that is empty where this is no error of a store."""
    found = _ERROR.search(str(error))
    if found is None:
        return str(error), ""
    code, text = found.groups()
    if code == "NETWORK_CONNECTION":
        text = text.rpartition("Details: ")[2]
    return _TEXTS.get(code, text.rstrip(".")), _REMEDIES.get(code, "mend that, then run the same command again")


def _endpoint() -> str | None:
    """None is Amazon's own."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def _region(bucket: str) -> str:
    """Where the bucket lies; servers of one's own have no regions, and take any."""
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return named or ("us-east-1" if _endpoint() else pafs.resolve_s3_region(bucket))
