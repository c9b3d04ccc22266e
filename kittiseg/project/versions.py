"""Where a project lies in object storage, which can rename nothing: in a version, and a file says which.

``projects/<name>/current.json`` names the folder that is the project: ``projects/<name>/.<key>_<time>_<8 letters>``,
where its draft was written. To commit is to write that one file, after all others: so a project appears whole and is
replaced whole, whoever is looking, and not a picture is copied. The version that was replaced stays until the next one
is, for those who are reading it.

There are no locks. Two commands that write one project write two versions, which never mix: the one that ends last is
kept. What a killed command has left is gone on with, if it is the same, or else removed a week later by the next one.

A project that was copied there from a disk lies in ``projects/<name>`` itself, until it is replaced.
"""

import json
import time
import uuid
from dataclasses import dataclass

from kittiseg.errors import WorkspaceError
from kittiseg.project.files import Files
from kittiseg.project.journal import Journal

CURRENT = "current.json"

_TIME = "%Y%m%dT%H%M%S"
_KEPT_S = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Versions:
    """The versions of a project. ``files``: the folder ``projects/<name>``."""

    files: Files

    @property
    def current(self) -> str | None:
        """The folder that is the project; an empty one is ``files`` itself, None: there is no project."""
        return self._known[0]

    @property
    def _known(self) -> tuple[str | None, str | None]:
        """The version that is the project, and the one that was before it."""
        data = self.files.find(CURRENT)
        if data is None:
            return "" if self.files.exists("meta.json") else None, None
        document = json.loads(data)
        return document["version"], document["before"]

    def begin(self, key: str | None) -> str:
        """A folder for a draft: the one that a stopped run of the same key has left, else a new one."""
        left = [] if key is None else self.resumable(key)
        return left[0] if left else f".{key or 'new'}_{time.strftime(_TIME, time.gmtime())}_{uuid.uuid4().hex[:8]}"

    def resumable(self, key: str) -> list[str]:
        """Drafts of a key of which a journal says what is in them."""
        drafts = [name for name in self.files.hidden() if name.startswith(f".{key}_")]
        known = self._known if drafts else ()
        return [name for name in drafts if name not in known and Journal(self.files.within(name)).begun]

    def publish(self, version: str) -> None:
        """Makes a folder the project, and removes the one before that which was the project until now."""
        current, before = self._known
        self.files.replace(CURRENT, json.dumps({"version": version, "before": current}).encode())
        if before:
            self.files.remove(before)
        elif before is not None:
            for name in (*self.files.files(), *self.files.folders()):
                if name != CURRENT:
                    self.files.remove(name)

    def reopen(self, key: str) -> None:
        """Makes the project, which a run of this key has made, a draft of it again. WorkspaceError for any other."""
        if not (self.current or "").startswith(f".{key}_"):
            raise WorkspaceError(f"{self.files.root}: was copied there, and cannot be gone on with; use --overwrite")
        self.files.remove(CURRENT)

    def tidy(self, *, keep: str | None) -> None:
        """Removes what was begun more than a week ago and did not become the project, but for drafts of a key."""
        begun = {name: name.split("_")[-2] for name in self.files.hidden() if name.count("_") >= 2}
        before = time.strftime(_TIME, time.gmtime(time.time() - _KEPT_S))
        old = [name for name, when in begun.items() if when < before and not (keep and name.startswith(f".{keep}_"))]
        current = self.current if old else None
        for name in old:
            if name != current:
                self.files.remove(name)
