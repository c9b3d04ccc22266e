"""Which class of a prediction is held against which class of the truth."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kittiseg.config import did_you_mean
from kittiseg.errors import ConfigError, Problem
from kittiseg.project.meta import ProjectMeta

BACKGROUND = 0
IGNORED = 255
DROPPED, KEPT, OTHERS = "__ignore__", "__default__", "__other__"  # the words of a DTL data layer's classes_mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedClasses:
    """``names[i]`` has index i + 1 in label maps; 0 is everything that is not compared, 255 does not count.

    ``truth`` and ``predicted``: class of the project -> index. Classes that are not in them are not drawn.
    """

    names: tuple[str, ...]
    truth: Mapping[str, int]
    predicted: Mapping[str, int]


def compare_classes(
    predicted: ProjectMeta,
    truth: ProjectMeta,
    *,
    class_map: Mapping[str, str],
    merge: Mapping[str, str] | None = None,
    ignore: Collection[str] = (),
) -> ComparedClasses:
    """The classes to compare, by name; ConfigError with everything that does not fit.

    ``class_map``: class of the prediction -> class of the truth; empty: those of equal name. ``merge``: the
    ``classes_mapping`` of a DTL data layer, applied to the truth first. A class that it maps to ``__ignore__`` is gone,
    as in a transform; one that is not compared is background where it lies on top.
    ``ignore``: classes of the (merged) truth whose pixels do not count, whatever is predicted there.
    """
    merged = {name: _merged(name, merge or {}) for name in truth.shapes}
    comparable = {name for name in merged.values() if name is not None and name not in ignore}
    pairs = dict(class_map) or {name: name for name in predicted.shapes if name in comparable}
    names = tuple(sorted(set(pairs.values())))
    problems = [
        *_unknown("--mapping", [name for name in merge or () if name != OTHERS], truth.shapes, "truth"),
        *_unknown("--map", pairs, predicted.shapes, "predictions"),
        *_unknown("--map", pairs.values(), comparable, "truth"),
        *_unknown("ignore", ignore, {name for name in merged.values() if name}, "truth"),
    ]
    if not pairs:
        both = f"predicted: {', '.join(predicted.shapes)}; truth: {', '.join(sorted(comparable))}"
        problems.append(Problem("--map", f"no class is in both under one name; name pairs PREDICTED=TRUE ({both})"))
    if len(names) >= IGNORED:
        problems.append(Problem("--map", f"{len(names)} classes are too many; compare at most {IGNORED - 1} at once"))
    if problems:
        raise ConfigError("classes to compare", problems)
    index = {name: position for position, name in enumerate(names, start=1)} | dict.fromkeys(ignore, IGNORED)
    return ComparedClasses(
        names=names,
        truth={name: index.get(target, BACKGROUND) for name, target in merged.items() if target is not None},
        predicted={name: index[pairs[name]] if name in pairs else BACKGROUND for name in predicted.shapes},
    )


def _merged(name: str, merge: Mapping[str, str]) -> str | None:
    """What a ``classes_mapping`` makes of a class; None where it drops it."""
    target = merge.get(name, merge.get(OTHERS, KEPT))
    return {DROPPED: None, KEPT: name}.get(target, target)


def _unknown(option: str, names: Iterable[str], known: Collection[str], owner: str) -> list[Problem]:
    return [
        Problem(f"{option} {name}", f"is no class of the {owner}{did_you_mean(name, known)}")
        for name in dict.fromkeys(names)
        if name not in known
    ]
