"""Nets around cracks that lie close together."""

import numpy as np
import pytest

from kittiseg.dtl.layers.find_cracknets import FindCracknets, find_nets, group_masks, split_loops
from kittiseg.errors import ConfigError
from kittiseg.project.geometry import Size
from tests.data.programs import no_draw, only
from tests.data.projects import annotation_of, item_of, line, meta_of

IMAGE = Size(height=200, width=400)


def _rules(**settings: float | bool) -> FindCracknets:
    return FindCracknets(crack_class="crack", cracknet_class="net", **settings)  # type: ignore[arg-type]


def _grid(left: int, top: int, *, count: int = 5, step: int = 8) -> list[np.ndarray]:
    """A net of ``count`` level cracks, each with as many corners."""
    return [np.array([(left + step * x, top + step * y) for x in range(count)], float) for y in range(count)]


def test_a_net_surrounds_its_cracks() -> None:
    """Up to the coarseness of the map, 2.5 px here."""
    (net,) = find_nets(_grid(40, 60), IMAGE, _rules())

    assert np.allclose(net.exterior.min(axis=0), (40, 60), atol=4)
    assert np.allclose(net.exterior.max(axis=0), (72, 92), atol=4)


def test_nets_apart_are_two() -> None:
    assert len(find_nets([*_grid(40, 60), *_grid(200, 100)], IMAGE, _rules())) == 2


def test_cracks_far_from_one_another_are_no_net() -> None:
    assert find_nets(_grid(10, 10, count=4, step=45), IMAGE, _rules()) == []


def test_one_long_crack_is_no_net() -> None:
    """It is more than 8 times as long as wide."""
    assert find_nets([np.array([(x, 50) for x in range(20, 380, 4)], float)], IMAGE, _rules()) == []


def test_small_nets_are_left_out() -> None:
    """The bounding box is 14 x 14 of 160 x 80 px of the map: 0.0153."""
    assert len(find_nets(_grid(40, 60), IMAGE, _rules(min_poly_bbox_area_coef=0.015))) == 1
    assert find_nets(_grid(40, 60), IMAGE, _rules(min_poly_bbox_area_coef=0.016)) == []


def test_thin_nets_are_left_out() -> None:
    """Cracks along two sides fill about half of the square."""
    corner = [row if y < 3 else row[:3] for y, row in enumerate(_grid(40, 60, count=9))]

    assert len(find_nets(corner, IMAGE, _rules(min_area_in_bbox_coef=0.2))) == 1
    assert find_nets(corner, IMAGE, _rules(min_area_in_bbox_coef=0.6)) == []


def test_groups_of_few_corners_are_left_out() -> None:
    corners = np.array([(10, 10), (12, 10), (14, 12), (40, 10), (42, 12)])
    size = Size(height=20, width=60)

    assert len(list(group_masks(corners, size, least=2))) == 2
    (mask_hw,) = group_masks(corners, size, least=3)
    assert mask_hw[10, 12]
    assert not mask_hw[:, 30:].any()


def test_maps_wider_than_256_px_work() -> None:
    """The original counted columns in 8 bits."""
    (net,) = find_nets(_grid(300, 60, count=12, step=4), IMAGE, _rules(mask_resolution=400))

    assert np.allclose(net.exterior.min(axis=0), (300, 60), atol=2)


def test_an_outline_is_cut_where_it_meets_itself() -> None:
    """An eight: two squares that share a corner."""
    eight = np.array([(0, 0), (10, 0), (10, 9), (20, 9), (20, 20), (10, 20), (10, 10), (0, 10)])

    assert [len(ring) for ring in split_loops(eight, 1)] == [5, 4]
    assert [ring.tolist() for ring in split_loops(eight, 0.5)] == [eight.tolist()]


def test_nets_come_last() -> None:
    figures = [("crack", line(*row.tolist())) for row in _grid(40, 60)]
    item = item_of(annotation_of([*figures, ("other", line((0, 0), (5, 5)))], size=IMAGE))

    made = only(_rules().apply(item, no_draw)).annotation.figures

    assert made[:-1] == item.annotation.figures
    assert made[-1].class_name == "net"


def test_a_picture_without_cracks_stays_as_it_is() -> None:
    item = item_of(annotation_of([("other", line((0, 0), (5, 5)))]))

    assert only(_rules().apply(item, no_draw)).annotation == item.annotation


def test_declares_the_nets_and_refuses_what_is_no_line() -> None:
    assert _rules().declare(meta_of({"crack": "line"})).shapes == {"crack": "line", "net": "polygon"}
    with pytest.raises(ConfigError, match="/crack_class: 'crack' is a bitmap"):
        _rules().declare(meta_of({"crack": "bitmap"}))
