"""Each verb of the engine on a new Ray of one CPU; a line says what came of it: ``python -m tests.data.one_cpu``."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from kittiseg.engine import WorkerContext, Workers
from kittiseg.engine.cluster import connect
from kittiseg.project.files import Files


def plus(base: int, **where: object) -> Callable[[int], int]:
    return base.__add__


def put_down_threads(context: WorkerContext, path: str) -> None:
    Path(path).write_text(f"{context.threads} thread")


def main() -> None:
    engine = connect(cpus=1)
    mapped = list(engine.map(abs, [-1, -2], name="map"))
    added = list(engine.map_with_state(plus, {"base": 2}, [1, 2], workers=Workers(count=1), name="map with state"))
    with TemporaryDirectory() as folder:
        threads = Path(folder, "threads")
        engine.fit(
            put_down_threads, str(threads), workers=Workers(count=1), name="train", storage=Files.at(Path(folder))
        )
        trained = threads.read_text()
    print(
        f"{engine.resources().cpus} CPU: mapped {mapped}, mapped with state {added}, trained on {trained}", flush=True
    )
    engine.shutdown()


if __name__ == "__main__":
    main()
