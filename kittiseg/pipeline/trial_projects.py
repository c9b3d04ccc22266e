"""The pictures of a sweep's trials: those who ask for the same query share what it makes, and validate on the same."""

from collections.abc import Sequence
from typing import Any

from kittiseg.errors import ConfigError, DataError
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.transforming import Prepared, prepare_document, transform_prepared
from kittiseg.project.locks import locked
from kittiseg.project.store import Project
from kittiseg.training.config import EVERY_PICTURE, DatasetTags
from kittiseg.training.sources import JoinedSource, ProjectSource, Source
from kittiseg.tuning.documents import saved_as, trial_project

_WAIT_S = 24 * 3600.0  # for another trial to make the same project

_NAMED = 3  # pictures that a message names


def shared_project(run: Run, sweep: str, query: list[Any], *, source: str) -> Project:
    """What the query makes, as a project of the workspace; whoever asks meanwhile waits for it, and it is made once.

    It is a recipe where the query's layers allow that. It is made anew where it was made by another seed, or where the
    projects that it is made of have changed. ``source``: the query's file, for errors.
    """
    name = trial_project(sweep, query)
    busy = f"project '{name}' is being made by another trial, for a day now; stop it, then --resume"
    with locked(run.workspace.files, f"sweeps/{name}", busy=busy, wait_s=_WAIT_S):
        if name not in run.workspace.projects() or not _is_current(run, run.workspace.project(name)):
            transform_prepared(run, _prepared(run, name, query, source), source=source, overwrite=True)
        return run.workspace.project(name)


def training_source(train: Project, base: Project, tags: DatasetTags) -> Source:
    """Training pictures of a trial's project, validation pictures of the sweep's.

    DataError where a source picture is in both, or where the two have other classes.
    """
    if train.name == base.name:
        return ProjectSource(base)
    if train.meta.shapes != base.meta.shapes:
        known, other = (list(project.meta.shapes) for project in (base, train))
        raise DataError(
            f"the query of '{train.name}' makes the classes {', '.join(other)} and that of the file, by whose pictures "
            f"all trials are validated, {', '.join(known)}: a sweep cannot vary classes"
        )
    _refuse_shared(_sources(train, tags.train), _sources(base, tags.val), train.name)
    return JoinedSource(train=train, val=base, tags=tags)


def check_tags(tags: DatasetTags, *, source: str) -> None:
    """ConfigError where training and validation pictures are not told apart by tags, so that they cannot be joined."""
    if EVERY_PICTURE in (tags.train, tags.val) or tags.train == tags.val:
        raise ConfigError(
            f"{source}: where the query varies, training and validation pictures come of different projects: give each "
            "a tag of its own by /dataset_tags, and not '__all__'"
        )


def _prepared(run: Run, name: str, query: list[Any], source: str) -> Prepared:
    try:
        return prepare_document(run, saved_as(query, name, action="recipe"), source=source)
    except ConfigError:  # layers that change pixels; whatever else it may be is wrong here too
        return prepare_document(run, saved_as(query, name), source=source)


def _is_current(run: Run, project: Project) -> bool:
    known = project.provenance
    sources = {name: run.workspace.project(name).digest for name in known.get("sources", {})}
    return (known.get("seed"), known.get("sources")) == (run.seed, sources)


def _sources(project: Project, tag: str) -> set[str]:
    """The source pictures of which something with the tag was made."""
    return {str(row.source) for row in project.journal.rows() if row.tags.get(tag)}


def _refuse_shared(train: set[str], val: set[str], name: str) -> None:
    shared: Sequence[str] = sorted(train & val)
    if shared:
        listed = ", ".join(shared[:_NAMED]) + (f" and {len(shared) - _NAMED} more" if len(shared) > _NAMED else "")
        raise DataError(
            f"project '{name}' trains on pictures that the sweep validates on: {listed}. A parameter decides which "
            "pictures are for validation; leave it out of the space"
        )
