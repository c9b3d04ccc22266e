"""The training pictures of one epoch after another. Those of the next are made while this one is trained on."""

from concurrent.futures import Future, ThreadPoolExecutor

from kittiseg.training.samples import SampleReader, Samples


class Epochs:
    """``train``: the pictures of epoch ``number``; ``val``: those of epoch 0 for ever, so that scores compare.

    At most two epochs are in memory. As a context it reads ahead, and stops that when it is left.
    """

    def __init__(self, reader: SampleReader, *, first: int, last: int) -> None:
        """Reads the pictures of epoch ``first`` (from 0); none behind epoch ``last`` will be asked for."""
        self.number = first
        self._reader, self._last = reader, last
        if first and reader.source.redraws:
            self.val = reader.read(("val",))["val"]
            self.train = self._read(first)
        else:
            both = reader.read()
            self.train, self.val = both["train"], both["val"]
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="next epoch")
        self._next: Future[Samples] | None = None

    def advance(self) -> None:
        """Goes on to the next epoch, and waits where its pictures are not ready."""
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
