"""What a node of Ray tells Prometheus."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.request import urlopen

import ray


def told() -> list[str]:
    """The lines of this machine's node, ``name{labels} value``; none where it does not answer now."""
    node = ray.nodes()[0]
    with suppress(OSError), urlopen(f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics") as page:
        return [line for line in page.read().decode().splitlines() if line and not line.startswith("#")]
    return []


class Watch:
    """Collects ``seen``, the names that were told at any time: a node forgets what is not told again."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._news = threading.Condition()

    def look(self) -> None:
        names = {line.partition("{")[0].split()[0] for line in told()}
        with self._news:
            self.seen |= names
            self._news.notify_all()

    def wait_for(self, names: set[str], *, seconds: float) -> None:
        """Till all were seen, or so long."""
        with self._news:
            self._news.wait_for(lambda: names <= self.seen, timeout=seconds)


@contextmanager
def watched() -> Iterator[Watch]:
    """Looks several times a second, as Prometheus does less often."""
    watch, stop = Watch(), threading.Event()

    def follow() -> None:
        while not stop.wait(0.3):
            watch.look()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()
