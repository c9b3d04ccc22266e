"""What is written of a prediction: which classes under which names, and the figures of one picture."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from kittiseg.config import did_you_mean, pointer
from kittiseg.errors import ConfigError, Problem
from kittiseg.inference.cleaning import Cleaned
from kittiseg.inference.config import Clean, ExistingObjects, InferenceConfig, ModelClasses
from kittiseg.inference.figures import shapes_of
from kittiseg.inference.modes import MODES, Mark
from kittiseg.inference.scored import Scored
from kittiseg.inference.writers import AnyWriter, Target
from kittiseg.inference.writers.probabilities import Probabilities
from kittiseg.project.annotation import Annotation, Figure
from kittiseg.project.files import Files
from kittiseg.project.geometry import Window
from kittiseg.project.item import ItemKey
from kittiseg.project.meta import ObjectClass, ProjectMeta, color_of
from kittiseg.project.shapes import Rectangle


@dataclass(frozen=True)
class Outputs:
    """The classes of the project of predictions, and the annotation of each of its pictures.

    ``existing``: class of an object that is there -> its new name, None to drop it. ``predicted``: index of a class of
    the model -> its name in the output, in alphabetical order of the model's titles. ``drawing``: what objects look
    like. ``classes`` of the model, by index; ``writers`` of files beside the pictures. Tags, descriptions and unknown
    keys of pictures stay.
    """

    meta: ProjectMeta
    existing: dict[str, str | None]
    predicted: dict[int, str]
    drawing: ModelClasses = field(default_factory=ModelClasses)
    classes: tuple[ObjectClass, ...] = ()
    writers: tuple[AnyWriter, ...] = ()
    clean: Clean | None = None

    @property
    def needs_probabilities(self) -> bool:
        return any(isinstance(writer, Probabilities) for writer in self.writers)

    def cleaned(self, scored: Scored) -> Scored:
        """What is written of it, in annotations and in files."""
        if self.clean is None:
            return scored
        return Cleaned(scored, min_area=self.clean.min_area, fill_holes=self.clean.fill_holes)

    def write(self, key: ItemKey, scored: Scored, *, files: Files, open_source: Callable[[], BinaryIO]) -> None:
        """The files beside a picture, into a project's folder. ``scored``: all of the picture, cleaned.

        ``open_source`` opens the source picture's file. Done again, it replaces what it wrote.
        """
        target = Target(key, self.classes, self.predicted, files, open_source)
        for writer in self.writers:
            writer.write(scored, target)

    def annotate(
        self, source: Annotation, regions: Sequence[tuple[Window, Scored]], marks: Sequence[Mark]
    ) -> Annotation:
        """In painter's order: objects kept, rectangles, and what was found in each region, class after class.

        A region is a part of the picture, whose coordinates begin at the corner of its window.
        """
        kept = source.rename(self.existing).figures
        shown = [Figure(name, Rectangle(box.left, box.top, box.right, box.bottom)) for name, box in marks]
        found = [
            Figure(self.predicted[label], shape)
            for place, scored in regions
            for label, shape in shapes_of(scored, list(self.predicted), self.drawing, place=place)
        ]
        return replace(source, figures=(*kept, *shown, *found))


def plan_outputs(
    config: InferenceConfig, model_classes: Sequence[ObjectClass], meta: ProjectMeta, *, source: str
) -> Outputs:
    """Decides names before a picture is read. ``model_classes`` in the order of the network's outputs.

    The meta of the output is the project's, its classes replaced by those kept, those predicted (the model's
    colour) and that of the rectangles. ConfigError (``source`` names the file) with every class of
    ``save_classes`` that is not there and every name that two groups would share.
    """
    marks = MODES[config.mode.source](config.mode, None).mark_classes(meta)
    titles = [entry.name for entry in model_classes]
    wanted, problems = _select(config.model_classes, titles, at="model_classes", owner="the model")
    kept, more = _select(config.existing_objects, list(meta.shapes), at="existing_objects", owner="the project")
    clashes = Counter([*wanted.values(), *kept.values(), *marks])
    problems += more
    problems += [_clash(name, wanted, kept, marks) for name, count in clashes.items() if count > 1]
    if problems:
        raise ConfigError(source, problems)
    classes = [replace(entry, name=kept[entry.name]) for entry in meta.classes if entry.name in kept]
    classes += [
        ObjectClass(wanted[c.name], config.model_classes.geometry, c.color) for c in model_classes if c.name in wanted
    ]
    classes += [ObjectClass(name, "rectangle", color_of(name)) for name in marks]
    return Outputs(
        meta=ProjectMeta(tuple(classes), meta.tags),
        existing={name: kept.get(name) for name in meta.shapes},
        predicted={titles.index(title): wanted[title] for title in sorted(wanted)},
        drawing=config.model_classes,
        classes=tuple(model_classes),
        writers=config.outputs,
        clean=config.clean,
    )


def _select(
    rule: ModelClasses | ExistingObjects, titles: list[str], *, at: str, owner: str
) -> tuple[dict[str, str], list[Problem]]:
    """Title -> title with suffix of the classes that the rule lets through, and what is wrong with the rule."""
    if rule.save_classes == "__all__":
        return {title: title + rule.add_suffix for title in titles}, []
    problems = [
        Problem(pointer(at, "save_classes", index), f"'{title}' is no class of {owner}{did_you_mean(title, titles)}")
        for index, title in enumerate(rule.save_classes)
        if title not in titles
    ]
    return {title: title + rule.add_suffix for title in titles if title in rule.save_classes}, problems


def _clash(name: str, wanted: dict[str, str], kept: dict[str, str], marks: Sequence[str]) -> Problem:
    groups = {
        pointer("model_classes", "add_suffix"): ("a class of the model", name in wanted.values()),
        pointer("existing_objects", "add_suffix"): ("an existing class", name in kept.values()),
        pointer("mode", "class_name"): ("the class of the windows", name in marks),
    }
    involved = {where: what for where, (what, is_in) in groups.items() if is_in}
    return Problem(
        next(iter(involved)),
        f"'{name}' would be the name of {' and of '.join(involved.values())}; change {' or '.join(involved)}",
    )
