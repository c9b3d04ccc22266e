"""What the options before the command say, and the workspace and engine that a command gets from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kittiseg.cli.console import Terminal, terminal_of_command

if TYPE_CHECKING:
    from kittiseg.pipeline import Run


@dataclass(frozen=True)
class Options:
    """The options that stand before the command."""

    workspace: str
    address: str | None
    engine: Literal["ray", "local"]
    seed: int
    quiet: bool

    def place(self, workspace: str | None = None) -> str:
        return workspace or self.workspace


@contextmanager
def session(options: Options, workspace: str | None = None) -> Iterator[tuple["Run", Terminal]]:
    """A run on the engine asked for, and the terminal. The engine starts when a stage first needs it, and ends here."""
    from kittiseg.pipeline import Run

    with terminal_of_command(quiet=options.quiet) as terminal:
        run = Run.at(
            options.place(workspace),
            engine=options.engine,
            address=options.address,
            seed=options.seed,
            progress=terminal,
        )
        try:
            yield run, terminal
        except KeyboardInterrupt:
            terminal.finish()
            terminal.notice("interrupted")
            raise
        finally:
            run.close()
