"""TRANSFORM: a query (a JSON list of layers) compiles to one pure function from a picture to the pictures made of it.

``layer`` says what a layer is, ``layers`` holds one file per action, ``query`` reads the JSON, ``graph`` checks it and
compiles it to a ``program``, ``naming`` names what comes out, ``plan`` tells what a run would give.
"""

from kittiseg.dtl.graph import compile_graph
from kittiseg.dtl.plan import Plan, bare_item, describe_layers, explain, warn_of_empty
from kittiseg.dtl.program import Made, Program
from kittiseg.dtl.query import read_query, source_projects

__all__ = [
    "Made",
    "Plan",
    "Program",
    "bare_item",
    "compile_graph",
    "describe_layers",
    "explain",
    "read_query",
    "source_projects",
    "warn_of_empty",
]
