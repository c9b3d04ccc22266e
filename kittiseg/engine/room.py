"""Whether a cluster has room for the workers that a stage asks for, and how that is said."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Node = Mapping[str, float]
"""What a node has, by Ray's names: ``{"CPU": 2.0, "GPU": 1.0, ...}``."""

_TOLD = {"CPU": "CPU", "GPU": "GPU"}
"""Of what else a node has, nobody here asks for anything."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """``count`` workers of a stage, each with so many CPUs and GPUs of one node."""

    name: str
    count: int
    cpus: int
    gpus: float = 0

    @property
    def worker(self) -> dict[str, float]:
        """What one takes, by Ray's names."""
        return {"CPU": self.cpus, **({"GPU": self.gpus} if self.gpus else {})}

    def places(self, nodes: Iterable[Node]) -> int:
        """How many of the workers the nodes could hold if they were empty."""
        found = (min(_places(node.get(name, 0), wanted) for name, wanted in self.worker.items()) for node in nodes)
        return min(sum(found), self.count)

    def never(self, nodes: Sequence[Node]) -> str:
        """What is said where not even empty nodes hold them."""
        return (
            f"no room for '{self.name}': it asks for {self}, and {told_nodes(nodes)} can hold {self.places(nodes)}. "
            "Ask for fewer or smaller workers (--devices, gpu_devices), or add nodes"
        )

    def taken(self, total: Node, free: Node) -> str:
        """What is asked for, and how much of what there is others have. ``total`` and ``free``: of all nodes."""
        used = [
            f"{_number(total.get(name, 0) - free.get(name, 0))} of {_number(total.get(name, 0))} {name}s are in use"
            for name in self.worker
        ]
        return f"'{self.name}' asks for {self}; {' and '.join(used)}"

    def __str__(self) -> str:
        workers = "1 worker" if self.count == 1 else f"{self.count} workers"
        return f"{workers} with {told(self.worker)}{'' if self.count == 1 else ' each'}"


def plain(name: str) -> str:
    """In ASCII: Ray's dashboard and metrics know no other letters and fail at them."""
    return name.encode("ascii", "backslashreplace").decode()


def told(resources: Node) -> str:
    """``2 CPUs and 1 GPU``; of a node without any, ``0 CPUs``."""
    parts = [_counted(resources[name], word) for name, word in _TOLD.items() if resources.get(name)]
    return " and ".join(parts) or "0 CPUs"


def told_nodes(nodes: Iterable[Node]) -> str:
    """``1 node with 8 CPUs, 2 nodes with 2 CPUs and 1 GPU``."""
    kinds = Counter(map(told, nodes))
    return ", ".join(f"{_counted(count, 'node')} with {kind}" for kind, count in kinds.items()) or "0 nodes"


def _places(there: float, wanted: float) -> int:
    """Shares of a GPU do not add up over several, so 2 GPUs hold 2 workers with 0.6 each."""
    if not wanted:
        return 1_000_000
    return int(there) * int(1 / wanted + 1e-6) if wanted < 1 else int(there // wanted)


def _counted(number: float, word: str) -> str:
    return f"{_number(number)} {word}{'' if number == 1 else 's'}"


def _number(value: float) -> str:
    return f"{round(value, 2):g}"
