"""``classes_mapping``: which class becomes which.

Keys are classes, or ``__other__`` for all that are not mentioned. Values are new names, ``__default__`` (stays) or
``__ignore__`` (goes, with its figures).
"""

from collections.abc import Mapping
from dataclasses import replace

from kittiseg.config import did_you_mean, pointer
from kittiseg.errors import ConfigError, Problem
from kittiseg.project.meta import ObjectClass, ProjectMeta

OTHER = "__other__"
KEEP = "__default__"
DROP = "__ignore__"


def map_class(name: str, mapping: Mapping[str, str]) -> str | None:
    """What a class becomes, or None where it goes. The mapping must cover it."""
    new = mapping[name] if name in mapping else mapping[OTHER]
    return {KEEP: name, DROP: None}.get(new, new)


def map_meta(meta: ProjectMeta, mapping: Mapping[str, str]) -> ProjectMeta:
    """The meta after a mapping that covers every class.

    Classes that stay keep their places; new ones follow in the order of the mapping, each with the colour of the first
    class that becomes it. ConfigError (pointers from ``/classes_mapping`` on) where a key is no class, a class is not
    covered, or classes of different shapes become one.
    """
    problems = [*_wrong_words(meta, mapping), *_uncovered(meta, mapping)]
    if problems:
        raise ConfigError("classes_mapping", problems)
    result = {entry.name: entry for entry in meta.classes if map_class(entry.name, mapping) == entry.name}
    for key in mapping:
        for entry in _meant(meta, mapping, key):
            new = map_class(entry.name, mapping)
            if new is None or new == entry.name:
                continue
            there = result.setdefault(new, replace(entry, name=new))
            if there.shape != entry.shape:
                message = f"'{entry.name}' is a {entry.shape} and cannot become '{new}', which is a {there.shape}"
                problems.append(Problem(pointer("classes_mapping", key), message))
    if problems:
        raise ConfigError("classes_mapping", problems)
    return ProjectMeta(tuple(result.values()), meta.tags)


def _meant(meta: ProjectMeta, mapping: Mapping[str, str], key: str) -> list[ObjectClass]:
    return [entry for entry in meta.classes if entry.name == key or (key == OTHER and entry.name not in mapping)]


def _wrong_words(meta: ProjectMeta, mapping: Mapping[str, str]) -> list[Problem]:
    problems = []
    for key, new in mapping.items():
        at = pointer("classes_mapping", key)
        if key != OTHER and key not in meta.shapes:
            known = [*meta.shapes, OTHER]
            problems.append(Problem(at, f"no class '{key}' comes to this layer{did_you_mean(key, known)}"))
        if not new.strip():
            problems.append(Problem(at, f"wanted a class, {KEEP} or {DROP}, not {new!r}"))
        elif new.startswith("__") and new not in (KEEP, DROP):
            problems.append(Problem(at, f"'{new}' is no word of the language{did_you_mean(new, (KEEP, DROP))}"))
    return problems


def _uncovered(meta: ProjectMeta, mapping: Mapping[str, str]) -> list[Problem]:
    missing = [] if OTHER in mapping else [name for name in meta.shapes if name not in mapping]
    if not missing:
        return []
    names = ", ".join(f"'{name}'" for name in missing[:5]) + (f" and {len(missing) - 5} more" if missing[5:] else "")
    remedy = f'add "{OTHER}": "{DROP}" to drop what is not mentioned, or "{KEEP}" to keep it'
    return [Problem("/classes_mapping", f"does not say what becomes of {names}; {remedy}")]
