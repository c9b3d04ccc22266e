"""A Dockerfile, read as far as a test needs it."""

import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

KEYWORDS = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "LABEL", "RUN", "USER", "WORKDIR"}


@dataclass(frozen=True)
class Instruction:
    keyword: str
    words: str


def instructions(text: str) -> list[Instruction]:
    """One of each line, continued lines joined, comments left out; ValueError for a keyword that Docker has not."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found = []
    for line in re.sub(r"\\\n\s*", " ", lines).splitlines():
        keyword, _, words = line.strip().partition(" ")
        if keyword and keyword not in KEYWORDS:
            raise ValueError(f"{keyword!r} is no instruction")
        if keyword:
            found.append(Instruction(keyword, words.strip()))
    return found


def problems(text: str, ignored: str, context: Path) -> list[str]:
    """What we promise of an image and the text does not keep. ``ignored``: of the .dockerignore."""
    try:
        found = instructions(text)
    except ValueError as error:
        return [str(error)]
    told = []
    for source in (each for line in found if line.keyword == "COPY" for each in line.words.split()[:-1]):
        if not (context / source).exists():
            told.append(f"COPY {source}: there is none")
        elif is_ignored(source, ignored):
            told.append(f"COPY {source}: is ignored")
    if [line.words for line in found if line.keyword == "USER"][-1:] in ([], ["root"], ["0"]):
        told.append("the last user is root")
    for line in found:
        for command in re.split(r"&&|;", line.words):
            if "pip install" in command and "-c constraints.txt" not in command:
                told.append(f"without constraints: {command.strip()}")
    if not re.fullmatch(r"python:3\.\d+-slim", next(line.words for line in found if line.keyword == "FROM")):
        told.append("the base is no slim Python of a fixed version")
    return told


def is_ignored(path: str, ignored: str) -> bool:
    """By the last line of a .dockerignore that fits."""
    verdict = False
    for line in (line.strip() for line in ignored.splitlines()):
        if line and not line.startswith("#") and fnmatch(path, line.removeprefix("!")):
            verdict = not line.startswith("!")
    return verdict
