"""What the entry points share: ``python jobs/train.py [OPTIONS] ARGUMENTS`` is ``kittiseg [OPTIONS] train ARGUMENTS``.

Nothing has to be installed but what kittiseg imports: the folder above this one holds it, and is what
``ray job submit --working-dir .`` sends.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kittiseg.cli import main

WITH_VALUE = ("-w", "--workspace", "--address", "--engine", "--seed")
ALONE = ("-q", "--quiet", "--debug")


def split(words: list[str]) -> tuple[list[str], list[str]]:
    """The options that stand before a command, and the rest."""
    end = 0
    while end < len(words) and words[end].partition("=")[0] in WITH_VALUE + ALONE:
        end += 2 if words[end] in WITH_VALUE else 1
    return words[:end], words[end:]


def stage(command: str, words: list[str] | None = None) -> None:
    """Runs the command with these words, or those that this program was given, and exits with its code."""
    before, after = split(sys.argv[1:] if words is None else words)
    sys.argv = ["kittiseg", *before, command, *after]
    main()
