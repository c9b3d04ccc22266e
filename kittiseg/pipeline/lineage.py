"""How a picture of a transformed project came to be, and whether it would come to be again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import Any

from kittiseg.config import did_you_mean
from kittiseg.errors import DataError
from kittiseg.pipeline.run import Run, versions
from kittiseg.pipeline.transforming import prepare_document
from kittiseg.project.geometry import View
from kittiseg.project.item import Deed, ItemKey
from kittiseg.project.journal import Output, Row
from kittiseg.project.storage import Origin
from kittiseg.project.store import Project, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """``deeds``: what the layers drew or chose, in the order of its way; those that always do the same say nothing.

    ``view``: what it shows of its source; None where its pixels were changed otherwise than by windows and mirrors.
    """

    picture: ItemKey
    source: ItemKey
    seed: int
    digest: str
    deeds: tuple[Deed, ...]
    view: View | None

    def to_json(self) -> dict[str, Any]:
        return {
            "project": self.picture.project,
            "dataset": self.picture.dataset,
            "name": self.picture.name,
            "source": str(self.source),
            "seed": self.seed,
            "digest": self.digest,
            "layers": [
                {"layer": f"/{deed.layer}", "action": deed.action, "did": dict(deed.did)} for deed in self.deeds
            ],
            "view": None if self.view is None else self.view.to_json(),
        }


def lineage_of(run: Run, name: str, item: str) -> Lineage:
    """The lineage of ``item``, ``dataset/name.png`` or a name that stands once in the project.

    DataError where no query made the project, or it has no such picture.
    """
    project = _made_project(run.workspace, name)
    row, output = _find(project, item)
    picture = ItemKey(name, output.dataset, output.name)
    seed = project.provenance["seed"]
    return Lineage(
        picture=picture, source=row.source, seed=seed, digest=output.digest, deeds=output.lineage, view=output.view
    )


def redo(run: Run, name: str, item: str) -> Lineage:
    """As :func:`lineage_of`, after the picture was made again, beside the workspace, and came out the same.

    DataError where it did not, with what differs.
    """
    project = _made_project(run.workspace, name)
    row, output = _find(project, item)
    made = _digest_again(run, project, row.source, output)
    if made != output.digest:
        what = "is not made any more" if made is None else f"comes out different: digest {made}, not {output.digest}"
        listed = "\n  ".join(_differences(run, project, row))
        raise DataError(f"{name}/{output.dataset}/{output.name} {what}\n  {listed}")
    return lineage_of(run, name, f"{output.dataset}/{output.name}")


def _made_project(workspace: Workspace, name: str) -> Project:
    project = workspace.project(name)
    if not isinstance(project.provenance.get("query"), list):
        raise DataError(f"project '{name}' was made by no query, so its pictures have no lineage")
    return project


def find_key(project: Project, item: str) -> ItemKey:
    """The picture that ``dataset/name.png`` names, or a name that stands once in the project; else DataError."""
    dataset, _, name = item.rpartition("/")
    keys = project.keys()
    places = [key for key in keys if key.name == name and key.dataset == (dataset or key.dataset)]
    if not places:
        known = [key.name if not dataset else f"{key.dataset}/{key.name}" for key in keys]
        raise DataError(f"project '{project.name}' has no picture '{item}'{_near(item, known)}")
    if len(places) > 1:
        found = ", ".join(f"{key.dataset}/{key.name}" for key in places)
        raise DataError(f"'{item}' stands {len(places)} times in project '{project.name}': say which of {found}")
    return places[0]


def _find(project: Project, item: str) -> tuple[Row, Output]:
    key = find_key(project, item)
    found_row = project.journal.find(key.dataset, key.name)
    if found_row is None:
        raise DataError(f"the lineage of {key} is missing: make the project again by its query")
    return found_row


def _near(item: str, known: list[str]) -> str:
    """A hint, of thousands of names the nearest only."""
    hint = did_you_mean(item, known)
    return hint if "did you mean" in hint else f"; it has {len(known)}, such as '{known[0]}'" if known else ""


def _digest_again(run: Run, project: Project, key: ItemKey, output: Output) -> str | None:
    """The digest of the picture made anew, kept as the project is kept; None where the query does not make it."""
    known = project.provenance
    again = replace(run, seed=known["seed"])
    prepared = prepare_document(again, known["query"], source=f"provenance.json of '{project.name}'")
    if key not in prepared.keys:
        raise DataError(f"{key}, which it was made of, is gone; restore it to the workspace {run.workspace.files.root}")
    source = prepared.projects[key.project]
    origin = Origin(source.item(key), source.stamp(key))
    for item, name in prepared.program.walk(origin.item):
        if (item.dataset, name) == (output.dataset, output.name):
            with TemporaryDirectory(prefix="kittiseg-redo-") as folder:
                draft = Workspace.at(folder).draft(project.name, layout=project.layout)
                with draft.writer("redo", prepared.program.meta) as writer:
                    return writer.add(item, name, origin=origin, extras=prepared.program.extras(item))
    return None


def _differences(run: Run, project: Project, row: Row) -> list[str]:
    """What is not as it was when the project was made."""
    found = []
    sources = project.provenance.get("sources", {})
    if run.workspace.project(row.source.project).stamp(row.source) != row.stamp:
        found.append(f"its source {row.source} has been written since")
    for name, digest in sources.items():
        if name in run.workspace.projects() and run.workspace.project(name).digest != digest:
            found.append(f"project '{name}' was made anew since")
    found += _other_versions(project.provenance.get("versions", {}))
    return found or ["source, query, seed and versions are the same: please report it"]


def _other_versions(then: Mapping[str, str]) -> list[str]:
    now = versions()
    return [f"{name} is {now[name]}, and was {then[name]}" for name in now if then.get(name, now[name]) != now[name]]
