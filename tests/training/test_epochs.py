import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from kittiseg.errors import DataError
from kittiseg.project.item import ItemKey
from kittiseg.project.store import Workspace
from kittiseg.training.classes import ClassIndex
from kittiseg.training.epochs import Epochs
from kittiseg.training.reading import SampleReader
from kittiseg.training.sample_files import write_samples
from kittiseg.training.sources import Pictures, ProjectSource, QuerySource, Source
from tests.data.query_sources import cropped, source_in, write_query
from tests.data.training import pixels_of, tiny_config, write_squares


@dataclass(frozen=True, kw_only=True)
class Watched(QuerySource):
    """A query that notes which epochs were asked for, and by which thread."""

    asked: list[int] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)

    def at(self, epoch: int) -> Callable[[ItemKey], Pictures]:
        self.asked.append(epoch)
        self.threads.add(threading.current_thread().name)
        return super().at(epoch)


def reader_of(source: Source) -> SampleReader:
    return SampleReader(source, tiny_config(), ClassIndex.of(source.meta, tiny_config().special_classes))


def epochs_of(workspace: Workspace, reader: SampleReader, *, first: int = 0, last: int) -> Epochs:
    files = workspace.files.within("samples")
    if not files.exists("val.npz"):
        write_samples(reader.source, reader.config, reader.classes, files)
    return Epochs(reader, files, first=first, last=last)


@pytest.fixture
def source(workspace: Workspace, tmp_path: Path) -> Watched:
    write_squares(workspace)
    made = source_in(workspace, write_query(tmp_path, cropped()))
    assert isinstance(made, QuerySource)
    return Watched(file=made.file, query=made.query, program=made.program, projects=made.projects, keys=made.keys)


def test_the_next_epoch_is_made_while_one_is_trained_on(workspace: Workspace, source: Watched) -> None:
    """One ahead and not more, by another thread; none behind the last. The first was made before."""
    with epochs_of(workspace, reader_of(source), first=0, last=2) as epochs:
        waited = time.monotonic() + 30
        while source.asked != [0, 1] and time.monotonic() < waited:
            time.sleep(0.01)
        assert source.asked == [0, 1]
        epochs.advance()
        epochs.advance()

    assert source.asked == [0, 1, 2]
    assert len(source.threads) == 2


def test_reading_ahead_changes_nothing(workspace: Workspace, source: Watched) -> None:
    """Epoch 2 is the same where one begins with it; validation is always epoch 0's."""
    with epochs_of(workspace, reader_of(source), first=0, last=2) as epochs:
        val = epochs.val
        epochs.advance()
        epochs.advance()
    resumed = epochs_of(workspace, reader_of(source), first=2, last=2)

    assert np.array_equal(pixels_of(resumed.train), pixels_of(epochs.train))
    assert np.array_equal(pixels_of(resumed.val), pixels_of(val))
    assert epochs.val is val


def test_a_project_is_read_once(workspace: Workspace) -> None:
    """Every epoch has its pictures."""
    with epochs_of(workspace, reader_of(ProjectSource(write_squares(workspace))), first=0, last=5) as epochs:
        before = epochs.train
        epochs.advance()

    assert epochs.train is before


def test_leaving_stops_the_reading(workspace: Workspace, source: Watched) -> None:
    """A training that fails does not wait for the next epoch's pictures."""
    reader = reader_of(source)
    with pytest.raises(ZeroDivisionError), epochs_of(workspace, reader, first=0, last=9):
        raise ZeroDivisionError

    assert reader.stopped.is_set()
    assert not any(thread.name.startswith("next epoch") for thread in threading.enumerate())


def test_what_goes_wrong_ahead_is_told_when_it_is_needed(workspace: Workspace, source: Watched) -> None:
    """A picture that is damaged during the training."""
    epochs = epochs_of(workspace, reader_of(source), first=0, last=1)
    workspace.project("squares").files.write("ds/img/001.png", b"no picture")

    with (
        epochs,
        pytest.raises(DataError, match=r"query .* cannot be read and 0 are allowed(.|\n)*001\.png"),
    ):
        epochs.advance()
