"""``classes_mapping``: which class becomes which; and the lists of classes that layers work on.

Keys are classes, or ``__other__`` for all that are not mentioned. Values are new names, ``__default__`` (stays) or
``__ignore__`` (goes, with its figures). Layers that rename must cover every class; layers that convert or copy leave
alone what is not mentioned.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from kittiseg.config import did_you_mean, pointer
from kittiseg.errors import ConfigError, Problem
from kittiseg.project.meta import ObjectClass, ProjectMeta, color_of

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
    for key in _in_order(mapping):
        for entry in _meant(meta, mapping, key):
            new = map_class(entry.name, mapping)
            if new is None or new == entry.name:
                continue
            there = result.setdefault(new, replace(entry, name=new))
            if there.shape != entry.shape:
                problems.append(_other_shape(entry, there, pointer("classes_mapping", key)))
    if problems:
        raise ConfigError("classes_mapping", problems)
    return ProjectMeta(tuple(result.values()), meta.tags)


def with_rest(mapping: Mapping[str, str]) -> Mapping[str, str]:
    """A mapping that covers every class: what it does not mention stays."""
    return mapping if OTHER in mapping else {**mapping, OTHER: KEEP}


def new_name(name: str, mapping: Mapping[str, str]) -> str | None:
    """What a class is converted or copied to; None where it is left alone or dropped."""
    word = _word(name, mapping)
    return None if word in (KEEP, DROP) else word


def convert_meta(
    meta: ProjectMeta, mapping: Mapping[str, str], *, shape: str, from_shapes: Collection[str] = ()
) -> ProjectMeta:
    """The meta after classes became classes of another shape, each with the colour of the first that becomes it.

    Classes that are left alone keep their places; new ones follow in the order of the mapping. ConfigError (pointers
    from ``/classes_mapping`` on) where a key is no class, a name is taken by a class of another shape, or a class has
    none of ``from_shapes``.
    """
    problems = _wrong_words(meta, mapping)
    result = {entry.name: entry for entry in meta.classes if _word(entry.name, mapping) in (KEEP, entry.name)}
    for key in () if problems else _in_order(mapping):
        for entry in _meant(meta, mapping, key):
            new = new_name(entry.name, mapping)
            if new is None:
                continue
            at = pointer("classes_mapping", key)
            problems += _wrong_shape(entry, from_shapes, at)
            there = result.setdefault(new, ObjectClass(new, shape, entry.color))
            if there.shape != shape:
                message = f"'{entry.name}' cannot become '{new}' as a {shape}: that class is a {there.shape}; rename it"
                problems.append(Problem(at, message))
    if problems:
        raise ConfigError("classes_mapping", problems)
    return ProjectMeta(tuple(result.values()), meta.tags)


def copy_meta(meta: ProjectMeta, mapping: Mapping[str, str]) -> ProjectMeta:
    """The meta with a copy of each mapped class under its new name, shape and colour included; all others stay.

    ConfigError as of :func:`convert_meta`.
    """
    problems = _wrong_words(meta, mapping)
    result = {entry.name: entry for entry in meta.classes if _word(entry.name, mapping) != DROP}
    for key in () if problems else _in_order(mapping):
        for entry in _meant(meta, mapping, key):
            new = new_name(entry.name, mapping)
            there = entry if new is None else result.setdefault(new, replace(entry, name=new))
            if there.shape != entry.shape:
                problems.append(_other_shape(entry, there, pointer("classes_mapping", key)))
    if problems:
        raise ConfigError("classes_mapping", problems)
    return ProjectMeta(tuple(result.values()), meta.tags)


def add_class(meta: ProjectMeta, name: str, *, shape: str, at: str) -> ProjectMeta:
    """The meta with a class more, at the end, unless it is there. ``at``: the setting that names it.

    ConfigError where it is there with another shape, or is no name.
    """
    there = meta.shapes.get(name, shape)
    if there != shape:
        message = f"class '{name}' is a {there} already and cannot be a {shape}; choose another name"
        raise ConfigError(name, [Problem(pointer(at), message)])
    if not name.strip() or name.startswith("__"):
        raise ConfigError(name, [Problem(pointer(at), f"wanted the name of a class, not {name!r}")])
    if name in meta.shapes:
        return meta
    return ProjectMeta((*meta.classes, ObjectClass(name, shape, color_of(name))), meta.tags)


def check_shapes(meta: ProjectMeta, names: Iterable[str], *, shapes: Collection[str], at: str) -> None:
    """ConfigError where a class in the list at setting ``at`` has none of the shapes that a layer can do.

    Names of classes that do not come are no error: one query may serve several projects.
    """
    known = {entry.name: entry for entry in meta.classes}
    places = ((pointer(at, index), known[name]) for index, name in enumerate(names) if name in known)
    problems = [problem for place, entry in places for problem in _wrong_shape(entry, shapes, place)]
    if problems:
        raise ConfigError(at, problems)


def check_known(meta: ProjectMeta, names: Iterable[str], *at: str) -> None:
    """ConfigError where a class in the list at setting ``at``, step by step, does not come."""
    problems = [
        Problem(pointer(*at, index), f"no class '{name}' comes to this layer{did_you_mean(name, meta.shapes)}")
        for index, name in enumerate(names)
        if name not in meta.shapes
    ]
    if problems:
        raise ConfigError(pointer(*at), problems)


def _word(name: str, mapping: Mapping[str, str]) -> str:
    return mapping.get(name, mapping.get(OTHER, KEEP))


def check_shape(meta: ProjectMeta, name: str, *, shape: str, at: str) -> None:
    """ConfigError where the class that setting ``at`` names comes to the layer with another shape."""
    problems = [
        wrong for entry in meta.classes if entry.name == name for wrong in _wrong_shape(entry, [shape], pointer(at))
    ]
    if problems:
        raise ConfigError(at, problems)


def _wrong_shape(entry: ObjectClass, shapes: Collection[str], at: str) -> list[Problem]:
    """Classes of shape ``any`` are judged figure by figure."""
    if not shapes or entry.shape in (*shapes, "any"):
        return []
    return [Problem(at, f"'{entry.name}' is a {entry.shape}; this layer takes only {' and '.join(shapes)} classes")]


def _other_shape(entry: ObjectClass, there: ObjectClass, at: str) -> Problem:
    message = f"'{entry.name}' is a {entry.shape} and cannot become '{there.name}', which is a {there.shape}"
    return Problem(at, message)


def _in_order(mapping: Mapping[str, str]) -> list[str]:
    """The keys, ``__other__`` last wherever it stands: what is mentioned goes first, as in 2018."""
    return sorted(mapping, key=lambda key: key == OTHER)


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
