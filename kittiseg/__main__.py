"""``python -m kittiseg``: the command line."""

from kittiseg.cli import main

main()
