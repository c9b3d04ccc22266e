"""How a prediction is cut into tasks."""

from kittiseg.inference.tasks import CHUNK, LARGEST_CHUNK, Parts, PredictedPicture, Task, tasks_of
from kittiseg.project.item import ItemKey
from kittiseg.project.journal import Row


def keys(count: int) -> list[ItemKey]:
    return [ItemKey("p", "ds", f"{number:04d}.png") for number in range(count)]


def test_every_picture_is_in_one_task():
    """In order; few pictures make small tasks, many make large ones."""
    for count, size in ((0, 0), (3, 3), (10, CHUNK), (5000, LARGEST_CHUNK)):
        tasks = list(tasks_of(keys(count), count))

        assert [key for task in tasks for key in task.keys] == keys(count)
        assert max((len(task.keys) for task in tasks), default=0) == size


def test_pictures_are_taken_as_tasks_are():
    """A million names need not be known before the first task begins."""
    taken: list[ItemKey] = []

    def source():
        for key in keys(100):
            taken.append(key)
            yield key

    next(tasks_of(source(), 100))

    assert len(taken) == CHUNK


def test_a_large_picture_is_followed_by_its_parts_and_then_by_its_end():
    """However results of other pictures come in between."""
    parts = Parts()
    large, small = keys(2)

    assert list(parts.follow([PredictedPicture(small, Row(small)), PredictedPicture(large, parts=2)])) == [
        Task((large,), 0),
        Task((large,), 1),
    ]
    assert list(parts.follow([PredictedPicture(large)])) == []
    assert list(parts.follow([PredictedPicture(large)])) == [Task((large,), is_end=True)]
    assert list(parts.follow([PredictedPicture(large, Row(large))])) == []


def test_a_part_that_fails_ends_the_picture_with_its_error():
    """Once, and only when no part of it is being done any more."""
    parts = Parts()
    (large,) = keys(1)
    list(parts.follow([PredictedPicture(large, parts=2)]))

    assert list(parts.follow([PredictedPicture(large, error="damaged")])) == []
    assert list(parts.follow([PredictedPicture(large)])) == [Task((large,), is_end=True, error="damaged")]
