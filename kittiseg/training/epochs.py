"""The samples of one epoch after another. Those of the next are made while this one is trained on."""

from concurrent.futures import Future, ThreadPoolExecutor

from kittiseg.project.store import Files
from kittiseg.training.reading import SampleReader
from kittiseg.training.sample_files import open_samples
from kittiseg.training.samples import Samples


class Epochs:
    """``train``: the samples of epoch ``number``; ``val``: those of epoch 0 for ever, so that scores compare.

    Epoch 0, and every other where all are the same, is opened from the prepared files. Where a source draws anew, the
    reader makes the others, of which at most two are in memory. As a context it reads ahead, and stops that when it is
    left.
    """

    def __init__(self, reader: SampleReader, files: Files, *, first: int, last: int) -> None:
        """Begins with epoch ``first`` (from 0); none behind epoch ``last`` will be asked for."""
        self.number = first
        self._reader, self._last = reader, last
        self.val = open_samples(files, "val")
        self.train = self._read(first) if first and reader.source.redraws else open_samples(files, "train")
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="next epoch")
        self._next: Future[Samples] | None = None

    def advance(self) -> None:
        """Goes on to the next epoch, and waits where its samples are not ready."""
        self.number += 1
        if self._reader.source.redraws:
            self.train = self._next.result() if self._next is not None else self._read(self.number)
            self._read_ahead()

    def __enter__(self) -> "Epochs":
        self._read_ahead()
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.stopped.set()
        self._pool.shutdown(cancel_futures=True)

    def _read_ahead(self) -> None:
        self._next = None
        if self._reader.source.redraws and self.number < self._last:
            self._next = self._pool.submit(self._read, self.number + 1)

    def _read(self, epoch: int) -> Samples:
        return self._reader.read(("train",), epoch=epoch)["train"]
