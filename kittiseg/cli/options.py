"""Options that several commands have."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout, and nothing else there.")]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be done, instead of refusing all.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there of the same name.")]
Devices = Annotated[
    str | None,
    typer.Option(
        help="exact: the gpu_devices of the config, or an error. auto: as many of them as there are, else the CPU. "
        "cpu, or cpu:N for N workers.",
        show_default="what the config says",
    ),
]
