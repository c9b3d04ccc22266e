"""Terminals to look at what was printed."""

import io

from rich.console import Console

from kittiseg.cli.console import plain_console


def narrow() -> tuple[Console, io.StringIO]:
    """A console of 30 columns, and what is written to it."""
    out = io.StringIO()
    return plain_console(out, width=30), out
