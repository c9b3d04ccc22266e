"""A Progress and a dashboard that remember what they were told."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Recorder:
    """``bars``: (title, total, how far it came) of each; ``notes``: what stood by them."""

    notices: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    bars: list[tuple[str, int, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def start(self, title: str, total: int, unit: str) -> None:
        self.bars.append((title, total, 0))

    def advance(self, count: int = 1, note: str = "") -> None:
        title, total, done = self.bars[-1]
        self.bars[-1] = (title, total, done + count)
        self.notes += [note] if note else []

    def finish(self) -> None: ...


@dataclass
class Dashboard:
    """What an engine's ``observe`` was told last, and how often."""

    labels: dict[str, str] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    tellings: int = 0

    def observe(self, metrics: Mapping[str, float], **labels: str) -> None:
        self.labels, self.shown = labels, dict(metrics)
        self.tellings += 1
