"""The validation pictures that a checkpoint does worst and best on, found again where they were trained on."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kittiseg.errors import DataError, KittisegError
from kittiseg.pipeline.run import Run
from kittiseg.pipeline.training import query_source
from kittiseg.pipeline.transforming import prepare_document
from kittiseg.project.item import Item, ItemKey
from kittiseg.project.meta import ProjectMeta
from kittiseg.project.store import Files
from kittiseg.report.extremes import Compared, draw_extremes, worst_and_best
from kittiseg.report.sections import Extremes

if TYPE_CHECKING:
    from kittiseg.training.checkpoints import Checkpoint
    from kittiseg.training.sources import ProjectSource, QuerySource


def extremes_of(run: Run, model: Files, checkpoint: "Checkpoint") -> Extremes | None:
    """Those pictures with truth and prediction; None where the checkpoint knows no scores of single pictures.

    Where pictures or weights cannot be read any more, it says so instead.
    """
    from kittiseg.training.checkpoints import PICTURES

    if not checkpoint.files.exists(PICTURES):
        return None
    try:
        return _extremes(run, model, checkpoint)
    except (KittisegError, OSError) as error:
        return Extremes(missing=f"They cannot be shown any more: {' '.join(str(error).split())}")


def _extremes(run: Run, model: Files, checkpoint: "Checkpoint") -> Extremes | None:
    from kittiseg.inference.network import NetworkForward
    from kittiseg.training.checkpoints import PICTURES, load_network
    from kittiseg.training.reading import resize_pair

    network, config = load_network(model, checkpoint)
    chosen = worst_and_best(checkpoint.files.read_json(PICTURES), config.classes.objects)
    if not chosen[0]:
        return None
    items = _find(run, model, {scored.name for side in chosen for scored in side})
    size = config.settings.input_size
    forward = NetworkForward(network, input_size=size.size, precision=config.settings.precision)

    def compare(name: str) -> Compared:
        image_hwc = items[name].image.pixels()
        truth_hw = items[name].annotation.to_label_map(config.classes.index)
        input_hwc = np.ascontiguousarray(resize_pair(image_hwc, truth_hw, size)[..., :3])
        return Compared(image_hwc, truth_hw, forward(input_hwc[None])[0].argmax(axis=0).astype(np.uint8))

    drawn = {name: index for name, index in config.classes.index.items() if name in config.classes.objects}
    return draw_extremes(chosen, compare, ProjectMeta(config.classes.out_classes), drawn)


def source_of(run: Run, model: Files) -> "ProjectSource | QuerySource":
    """What a model was trained on, which may have changed since; a query draws what it drew in epoch 0."""
    from kittiseg.training.prepare import QUERY
    from kittiseg.training.run_record import read_run
    from kittiseg.training.sources import ProjectSource

    record = read_run(model)
    if "query" not in record:
        return ProjectSource(run.workspace.project(record["project"]))
    again = replace(run, seed=record["query_seed"])
    return query_source(record["query"], prepare_document(again, model.read_json(QUERY), source=model.path(QUERY)))


def _find(run: Run, model: Files, names: set[str]) -> dict[str, Item]:
    """Pictures by the names that they had in the training. Of a query's sources only those are read that can give one.

    DataError where one is gone.
    """
    from kittiseg.training.sources import QuerySource

    source = source_of(run, model)
    if not isinstance(source, QuerySource):
        return {name: source.project.item(_key(name)) for name in sorted(names)}
    make = source.at(0)
    stems = {_key(name).stem for name in sorted(names)}
    keys = [key for key in source.keys if _may_be(source.program.stems.get(key, key.stem), stems)]
    found = {str(key): item for read in keys for key, item in make(read) if str(key) in names}
    if gone := sorted(names - found.keys()):
        raise DataError(f"the query does not make {gone[0]} any more")
    return found


def _may_be(stem: str, made: Iterable[str]) -> bool:
    """Whether a source picture's stem leads to one of these: layers only append to it."""
    return any(each == stem or each.startswith(f"{stem}_") for each in made)


def _key(name: str) -> ItemKey:
    return ItemKey(*name.split("/", 2))
