"""The token that a Ray cluster asks everybody for: whoever has it may run code there."""

import os
from pathlib import Path

from kittiseg.errors import ResourceError


def token_path() -> Path:
    """Where Ray looks for it: ``RAY_AUTH_TOKEN_PATH``, or ``~/.ray/auth_token``."""
    return Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")


def read_token() -> str | None:
    """The token of this user (``RAY_AUTH_TOKEN``, or the file), as Ray would find it; None where there is none."""
    if token := os.environ.get("RAY_AUTH_TOKEN", "").strip():
        return token
    try:
        return token_path().read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def no_token(cluster: str) -> ResourceError:
    """What there is to say where the cluster asks for a token and there is none."""
    return ResourceError(
        f"{cluster} asks for a token, and there is none here: copy the one of its head to {token_path()} (chmod 600), "
        "or name its file in RAY_AUTH_TOKEN_PATH"
    )


def wrong_token(cluster: str) -> ResourceError:
    """What there is to say where the cluster does not accept the token that is here."""
    return ResourceError(
        f"{cluster} does not accept the token of this user (RAY_AUTH_TOKEN, or else {token_path()}): it must be "
        "that of its head"
    )


def make_token() -> None:
    """A token that only this user can read, if there is none; Ray itself would write it readable for everybody."""
    path = token_path()
    if read_token() is None and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(os.urandom(32).hex())
