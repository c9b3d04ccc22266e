"""Where the workers of a trial are: Ray Train keeps their placement group when whoever started them dies.

Its own remedy does not do, see :class:`Trainer`; the place of a trial that was stopped would stay taken. All that is
known lies in the trial's folder.
"""

import os
from dataclasses import dataclass
from typing import Any

from ray import PlacementGroupID
from ray.train import UserCallback
from ray.train.torch import TorchTrainer
from ray.util.placement_group import PlacementGroup, get_current_placement_group, remove_placement_group

from kittiseg.project.files import Files

_PLACE, _FREED = "place", "freed"
_LEFT_OUT = ("PlacementGroupCleanerCallback", "DatasetsCallback")


class Trainer(TorchTrainer):
    """Without what Ray Train does for others, each in a process of its own: it serves no data set here.

    And its cleaner of placement groups asks the dashboard of the cluster that was started last on the machine: where
    there is none the end of a training waits for it for ten seconds, and another cluster's knows nothing of this
    training, whose place would be freed while it is at work. The place is freed anyway when the command ends.
    """

    def _create_default_callbacks(self) -> list[Any]:
        made = super()._create_default_callbacks()
        return [callback for callback in made if type(callback).__name__ not in _LEFT_OUT]


def sign_in(folder: Files) -> None:
    """Called by a worker: puts down which placement group it is in."""
    place = get_current_placement_group()
    if place is not None:
        folder.replace(_PLACE, place.id.hex().encode())


def begin(folder: Files) -> None:
    """Called by a trial before it has workers."""
    folder.remove(_FREED)


def free_place(folder: Files) -> None:
    """Frees what workers said that they are in; those that are left there die."""
    if folder.exists(_PLACE):
        folder.replace(_FREED, b"")
        remove_placement_group(PlacementGroup(PlacementGroupID.from_hex(folder.read(_PLACE).decode())))
        folder.remove(_PLACE)


@dataclass(frozen=True)
class NoReplacement(UserCallback):
    """Keeps Ray Train's controller, which may outlive its trial for a moment, from starting workers anew elsewhere."""

    folder: Files

    def after_exception(self, run_context: Any, worker_exceptions: Any) -> None:
        if self.folder.exists(_FREED):
            os._exit(0)
