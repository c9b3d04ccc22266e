"""IMPORT: foreign pictures and masks become projects."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kittiseg.config import did_you_mean
from kittiseg.errors import DataError, KittisegError, StorageError
from kittiseg.formats import FORMATS, Format, ImportTask, PlannedProject, Source
from kittiseg.pipeline.run import Output, Run, digest_of, provenance
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.store import Draft, check_name


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A project that an import made. ``skipped``: what was left out under ``--skip-bad``, one text each."""

    project: str
    images: int
    objects: int
    skipped: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "project": self.project,
            "images": self.images,
            "objects": self.objects,
            "skipped": list(self.skipped),
        }


def import_pictures(
    run: Run, format_name: str, source_path: Path, *, name: str, skip_bad: bool = False, overwrite: bool = False
) -> list[Imported]:
    """A folder or zip as one project or more. Damaged files: all in one DataError and nothing imported, or skipped."""
    if format_name not in FORMATS:
        raise DataError(f"'{format_name}' is no import format{did_you_mean(format_name, FORMATS)}")
    check_name(name, what="project")
    importer, source = FORMATS[format_name], Source.at(source_path)
    plans = importer.plan(source, name)
    with run.drafts([plan.name for plan in plans], overwrite=overwrite) as drafts:
        done = [_import_project(run, importer, source, plan, draft) for plan, draft in zip(plans, drafts, strict=True)]
        problems = [problem for result in done for problem in result.problems]
        if problems and not (skip_bad and any(result.images for result in done)):
            listed = "\n  ".join(problems)
            remedy = "mend them; not one is left" if skip_bad else "mend them, or leave them out by --skip-bad"
            raise DataError(
                f"{source_path}: {len(problems)} pictures cannot be imported, so nothing was; {remedy}\n  {listed}"
            )
        return [
            _commit_import(run, draft, result, f"import {format_name} {source_path}")
            for draft, result in zip(drafts, done, strict=True)
        ]


@dataclass(frozen=True)
class _ImportResult:
    meta: ProjectMeta
    images: int
    objects: int
    problems: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class _ImportedPicture:
    output: Output | None = None
    objects: int = 0
    new_tags: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()
    problem: str | None = None


def _import_project(run: Run, importer: Format, source: Source, plan: PlannedProject, draft: Draft) -> _ImportResult:
    for notice in plan.notices:
        run.progress.notice(f"{plan.name}: {notice}")
    for dataset in sorted({task.dataset for task in plan.tasks}):
        draft.add_dataset(dataset)
    convert = partial(_import_picture, importer, source, plan.meta, draft)
    rows = list(run.map(convert, plan.tasks, stage="import", project=plan.name, unit="pictures"))
    for notice, count in Counter(notice for row in rows for notice in row.notices).items():
        run.progress.notice(f"{plan.name}: {notice} ({count})")
    meta = plan.meta
    for tag in sorted(frozenset[str]().union(*(row.new_tags for row in rows))):
        meta = meta.with_tag(tag)
    problems = (*plan.problems, *(row.problem for row in rows if row.problem is not None))
    outputs = [row.output for row in rows if row.output is not None]
    return _ImportResult(meta, len(outputs), sum(row.objects for row in rows), problems, digest_of(outputs))


def _import_picture(
    importer: Format, source: Source, meta: ProjectMeta, draft: Draft, task: ImportTask
) -> _ImportedPicture:
    try:
        made = importer.convert(source, task, meta)
        digest = draft.write(task.dataset, task.file_name, picture=made.picture, annotation=made.annotation)
    except StorageError:
        raise
    except KittisegError as error:
        return _ImportedPicture(problem=str(error))
    output = (task.dataset, task.file_name, digest)
    return _ImportedPicture(output, len(made.annotation.figures), made.new_tags, made.notices)


def _commit_import(run: Run, draft: Draft, result: _ImportResult, command: str) -> Imported:
    draft.commit(result.meta, provenance(run, command, digest=result.digest, skipped=list(result.problems)))
    for problem in result.problems:
        run.progress.warn(f"left out: {problem}")
    return Imported(project=draft.name, images=result.images, objects=result.objects, skipped=result.problems)
