"""Where the workers of a group are: Ray Train keeps their placement group when whoever started them dies.

Its own remedy asks the dashboard, and there may be none; the place of a trial that was stopped would stay taken.
"""

from ray import PlacementGroupID
from ray.util.placement_group import PlacementGroup, get_current_placement_group, remove_placement_group

from kittiseg.project.files import Files

_PLACE = "place"


def sign_in(folder: Files) -> None:
    """Called by a worker: puts down which placement group it is in."""
    place = get_current_placement_group()
    if place is not None:
        folder.replace(_PLACE, place.id.hex().encode())


def free_place(folder: Files) -> None:
    """Frees what workers said that they are in; those that are left there die."""
    if folder.exists(_PLACE):
        remove_placement_group(PlacementGroup(PlacementGroupID.from_hex(folder.read(_PLACE).decode())))
        folder.remove(_PLACE)
