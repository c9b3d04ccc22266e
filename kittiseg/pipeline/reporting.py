"""REPORT: projects, models, sweeps and predictions on one page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from kittiseg.config import did_you_mean, parse
from kittiseg.dtl.mapping import map_class, map_meta
from kittiseg.errors import WorkspaceError
from kittiseg.inference.config import InferenceConfig, WholeSettings
from kittiseg.inference.modes import make_mode
from kittiseg.pipeline.describing import statistics
from kittiseg.pipeline.evaluating import RECORD
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.validated import extremes_of
from kittiseg.project.annotation import Annotation
from kittiseg.project.geometry import Window
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Project, Workspace
from kittiseg.report.collect import Truth, model_section, prediction_section, project_section
from kittiseg.report.page import build_report
from kittiseg.report.sections import Section
from kittiseg.report.sweep_collect import sweep_section


def report(run: Run, names: Sequence[str], *, output: Path | None = None) -> Path:
    """Writes the page of these projects, models and sweeps, in this order, and gives its path.

    A name stands for what trainings made where there is such: the sweep of the name and then the model of the name,
    which is the sweep's best; else for the project.

    Predictions that were evaluated are shown beside the truth, with their scores.
    """
    _refuse_unknown(run.workspace, names)
    html = build_report([section for name in names for section in _sections(run, name)], title=" · ".join(names))
    if output is None:
        place = f"reports/{'_'.join(names)[:120]}.html"
        run.workspace.files.replace(place, html.encode())
        return Path(run.workspace.files.path(place))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(html, encoding="utf-8")
    return output


def merged_truth(project: Project, mapping: Mapping[str, str] | None) -> Truth:
    """The masks of a project, its classes merged and dropped by a data layer's ``classes_mapping``; None keeps all."""
    meta = project.meta if mapping is None else map_meta(project.meta, mapping)
    names = {name: name if mapping is None else map_class(name, mapping) for name in project.meta.shapes}
    keys = set(project.keys())

    def find(key: ItemKey) -> Annotation | None:
        place = ItemKey(project.name, key.dataset, key.name)
        return project.annotation(place).rename(names) if place in keys else None

    return Truth(find, meta.colors)


def _refuse_unknown(workspace: Workspace, names: Sequence[str]) -> None:
    known = [*workspace.projects(), *workspace.models(), *workspace.sweeps()]
    unknown = [f"'{name}'{did_you_mean(name, known)}" for name in names if name not in known]
    if unknown:
        listed = "\n  ".join(unknown)
        raise WorkspaceError(f"no project, model or sweep of the name in {workspace.files.root}:\n  {listed}")


def _sections(run: Run, name: str) -> list[Section]:
    """The sweep and the model of the name; where there is neither, the predictions or the project."""
    sweeps: list[Section] = [sweep_section(run.workspace, name)] if name in run.workspace.sweeps() else []
    models: list[Section] = [_model(run, name)] if name in run.workspace.models() else []
    return sweeps + models or [_project(run, name)]


def _project(run: Run, name: str) -> Section:
    workspace = run.workspace
    project = workspace.project(name)
    if "model" not in project.provenance:
        return project_section(workspace, name, statistics(run, name).to_json())
    known = project.files.read_json(RECORD) if project.files.exists(RECORD) else {}
    truth = None
    if known.get("truth") in workspace.projects():
        truth = merged_truth(workspace.project(known["truth"]), known["classes_mapping"])
    windows = _windows(project)
    return prediction_section(workspace, name, truth=truth, evaluation=known.get("scores"), windows=windows)


def _model(run: Run, name: str) -> Section:
    """With pictures of its best checkpoint. torch is imported where there is a checkpoint."""
    files = run.workspace.model_files(name)
    if not files.folders("checkpoints"):
        return model_section(run.workspace, name)
    from kittiseg.training.checkpoints import list_checkpoints

    found = list_checkpoints(files)
    if not found.whole:
        return model_section(run.workspace, name)
    extremes = extremes_of(run, files, found.best)
    return model_section(run.workspace, name, best=found.best.number, extremes=extremes)


def _windows(project: Project) -> list[Window]:
    """Those of the first picture, under the config that the predictions were made with."""
    keys = project.keys()
    if not keys:
        return []
    config = parse(InferenceConfig, project.provenance["config"], source=f"provenance.json of '{project.name}'")
    if isinstance(config.mode, WholeSettings):
        return []
    regions = make_mode(config.mode).regions(Annotation(project.annotation(keys[0]).image))
    return [shown for region in regions for window in region.grid.windows if (shown := region.shown(window))]
