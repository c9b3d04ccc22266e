"""One worker's share of a prediction: reading ahead, computing and writing behind, each in a thread of its own."""

import io
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from kittiseg.errors import KittisegError, StorageError
from kittiseg.inference.modes import Mode
from kittiseg.inference.outputs import Outputs
from kittiseg.inference.painted import painted
from kittiseg.inference.part_files import Joined, PartFiles
from kittiseg.inference.parts import Part, PartScored
from kittiseg.inference.predictor import Predictor
from kittiseg.inference.regions import Region
from kittiseg.inference.scored import InMemory, Scored
from kittiseg.inference.skip import SHOW_ALL, Sieve, Skipping, sieve_of
from kittiseg.inference.stitching import parts_of
from kittiseg.inference.tasks import PredictedPicture, Task
from kittiseg.project.ahead import map_ahead
from kittiseg.project.annotation import Annotation
from kittiseg.project.files import Files
from kittiseg.project.geometry import Window
from kittiseg.project.item import ItemKey
from kittiseg.project.journal import Output, Row
from kittiseg.project.pixels import LazyImage
from kittiseg.project.storage import block_name
from kittiseg.project.store import Draft, Project

AHEAD = 3  # pictures read but not begun, and pictures done but not written
PARTS = ".parts"
"""In a draft, the folder of what was found on parts of large pictures."""


@dataclass(frozen=True)
class _Read:
    """A picture as it was read, and what is to be scored of it."""

    key: ItemKey
    annotation: Annotation
    image: LazyImage
    regions: Sequence[Region]
    stamp: tuple[int, ...]
    sieve: Sieve = SHOW_ALL
    file: bytes | None = None  # where it was read whole

    @cached_property
    def parts(self) -> list[tuple[int, range]]:
        """Every part of every region: the region's index, and rows of its grid."""
        return [(index, rows) for index, region in enumerate(self.regions) for rows in parts_of(region.grid)]

    @property
    def is_large(self) -> bool:
        return len(self.parts) > len(self.regions)


@dataclass
class _Found:
    """What was found on a picture so far."""

    read: _Read
    regions: list[tuple[Window, Scored]] = field(default_factory=list)
    windows: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def add(self, scored: PartScored[Region]) -> None:
        place = scored.key.place
        self.regions.append((place, InMemory(place.size, tuple(scored.bands))))
        self.windows += scored.windows
        self.skipped += scored.skipped


class PredictionWorker:
    """Predicts pictures of a project, task after task, and writes them into a draft.

    The data sets' folders must be there (``Draft.add_dataset``). A task can be done again: what is there already is
    found in the journal, or among the parts; what was half done is replaced.
    """

    def __init__(
        self,
        predictor: Predictor,
        mode: Mode,
        outputs: Outputs,
        *,
        project: Project,
        draft: Draft,
        skipping: Skipping | None = None,
    ) -> None:
        self._predictor = predictor
        self._mode = mode
        self._outputs = outputs
        self._project = project
        self._draft = draft
        self._skipping = skipping
        self._last: _Read | None = None

    def __call__(self, task: Task) -> list[PredictedPicture]:
        """One result per picture, in their order. One that cannot be read is a row with an error; the others go on."""
        if task.is_end:
            return [self._end(task.keys[0], task.error)]
        if task.part is not None:
            return [self._part(task.keys[0], task.part)]
        return self._pictures(task.keys)

    def _pictures(self, keys: Sequence[ItemKey]) -> list[PredictedPicture]:
        done = {key: PredictedPicture(key, row) for key, row in self._known(keys).items()}
        readers, writers = at_once(self._project.files), at_once(self._draft.files)
        with ThreadPoolExecutor(readers) as reader, ThreadPoolExecutor(writers) as writer:
            missing = [key for key in keys if key not in done]
            reads = self._readable(map_ahead(self._read_ahead, missing, reader, ahead=max(AHEAD, readers)), done)
            for picture in map_ahead(self._write, self._scored(reads), writer, ahead=AHEAD):
                done[picture.key] = picture
        results = [done[key] for key in keys]
        self._draft.journal.write(block_name(keys), [result.row for result in results if result.row is not None])
        return results

    def _known(self, keys: Sequence[ItemKey]) -> dict[ItemKey, Row]:
        """What was written of these pictures, as one block, before; where the pictures have not changed since."""
        rows = self._draft.journal.find_block(block_name(keys))
        return {row.source: row for row in rows if row.stamp == self._project.stamp(row.source)}

    def _part(self, key: ItemKey, part: int) -> PredictedPicture:
        stored, start = self._stored(key), time.perf_counter()
        try:
            read = self._read_large(key)
            if stored.has(part):
                return PredictedPicture(key)
            index, rows = read.parts[part]
            (scored,) = self._predictor.predict([Part(key, read.image, read.regions[index], rows, read.sieve)])
            stored.write(part, scored)
        except StorageError:
            raise
        except KittisegError as error:
            return PredictedPicture(key, error=_naming(key, error))
        seconds = time.perf_counter() - start
        return PredictedPicture(key, windows=scored.windows, skipped=scored.skipped, seconds=seconds)

    def _end(self, key: ItemKey, error: str | None) -> PredictedPicture:
        """Puts the parts of a large picture together and writes it."""
        row = self._known([key]).get(key) if error is None else Row(key, error=error)
        if row is not None:
            return PredictedPicture(key, row)
        stored, start = self._stored(key), time.perf_counter()
        try:
            read, first = self._read_large(key), 0
            regions: list[tuple[Window, Scored]] = []
            for region in read.regions:
                parts = range(first, first + len(parts_of(region.grid)))
                regions.append((region.place, self._joined(region, stored, parts)))
                first = parts.stop
            row = self._write_picture(read, regions)
        except StorageError:
            raise
        except KittisegError as wrong:
            return PredictedPicture(key, Row(key, error=_naming(key, wrong)))
        self._draft.journal.write(block_name([key]), [row])
        stored.remove()
        return PredictedPicture(key, row, seconds=time.perf_counter() - start)

    def _joined(self, region: Region, stored: PartFiles, parts: range) -> Joined:
        return Joined(region, stored, parts, self._predictor.classes, self._predictor.probabilities)

    def _stored(self, key: ItemKey) -> PartFiles:
        return PartFiles(self._draft.files.within(f"{PARTS}/{key.dataset}/{key.name}"))

    def _read_large(self, key: ItemKey) -> _Read:
        """As :meth:`_read`; a worker does many parts of one picture, so the last one is kept, decoded where it was."""
        if self._last is None or self._last.key != key:
            self._last = self._read(key)
        return self._last

    def _read(self, key: ItemKey) -> _Read:
        stamp, item = self._project.stamp(key), self._project.item(key)
        sieve = sieve_of(self._skipping, self._project, key, item.annotation)
        return _Read(key, item.annotation, item.image, self._mode.regions(item.annotation), stamp, sieve)

    def _read_ahead(self, key: ItemKey) -> _Read | PredictedPicture:
        """The picture with its pixels, but for a large one."""
        try:
            read = self._read(key)
            if read.is_large:
                row = self._known([key]).get(key)
                return PredictedPicture(key, row, parts=0 if row else len(read.parts))
            file = self._project.picture_bytes(key)
            pixels_hwc = LazyImage.from_file(read.annotation.image, lambda: file, name=str(key)).pixels()
        except (KittisegError, OSError) as error:
            return PredictedPicture(key, Row(key, error=_naming(key, error)))
        return replace(read, image=LazyImage.from_array(pixels_hwc), file=file)

    def _readable(
        self, reads: Iterable[_Read | PredictedPicture], done: dict[ItemKey, PredictedPicture]
    ) -> Iterator[_Read]:
        for read in reads:
            if isinstance(read, PredictedPicture):
                done[read.key] = read
            else:
                yield read

    def _scored(self, reads: Iterable[_Read]) -> Iterator[_Found]:
        """Each picture with its scored regions."""
        start = time.perf_counter()
        waiting: deque[_Found] = deque()

        def parts() -> Iterator[Part[Region]]:
            for read in reads:
                waiting.append(_Found(read))
                yield from (Part(region, read.image, region, sieve=read.sieve) for region in read.regions)

        for scored in self._predictor.predict(parts()):
            while not waiting[0].read.regions:
                yield waiting.popleft()
            waiting[0].add(scored)
            if len(waiting[0].regions) == len(waiting[0].read.regions):
                done = time.perf_counter()
                waiting[0].seconds, start = done - start, done
                yield waiting.popleft()
        yield from waiting

    def _write(self, found: _Found) -> PredictedPicture:
        row = self._write_picture(found.read, found.regions)
        return PredictedPicture(
            found.read.key, row, windows=found.windows, skipped=found.skipped, seconds=found.seconds
        )

    def _write_picture(self, read: _Read, regions: Sequence[tuple[Window, Scored]]) -> Row:
        key, outputs = read.key, self._outputs
        cleaned = [(place, outputs.cleaned(scored)) for place, scored in regions]
        annotation = outputs.annotate(read.annotation, cleaned, self._mode.marks(read.annotation))
        open_source = partial(self._project.open_picture, key)
        if outputs.writers:
            whole = painted(read.annotation.image, cleaned)
            outputs.write(key, whole, files=self._draft.files, open_source=open_source)
        with io.BytesIO(read.file) if read.file is not None else open_source() as picture:
            digest = self._draft.write(key.dataset, key.name, picture=picture, annotation=annotation)
        return Row(key, read.stamp, outputs=(Output(key.dataset, key.name, digest),))


def at_once(files: Files) -> int:
    """Threads that read or write whole pictures: of those for requests, few, for each holds its picture."""
    return -(-files.threads // 4)


def _naming(key: ItemKey, error: Exception) -> str:
    """The error's text, with the picture before it where it does not name it."""
    text = str(error)
    return text if key.name in text else f"{key}: {text}"
