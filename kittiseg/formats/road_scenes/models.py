"""The shapes of cars, vans, trucks and buses, drawn by chance."""

import itertools
from dataclasses import dataclass

import numpy as np

from kittiseg.formats.road_scenes.canvas import Rgb, random_rgb, scaled

PAINTS: tuple[Rgb, ...] = (
    (228, 230, 232), (196, 200, 204), (150, 154, 160), (92, 96, 102), (38, 40, 44), (24, 26, 30), (122, 24, 28),
    (168, 34, 36), (30, 52, 112), (52, 92, 160), (36, 84, 62), (176, 152, 112), (196, 140, 40), (110, 78, 60),
)  # fmt: skip
RUBBER: Rgb = (22, 22, 24)


@dataclass(frozen=True, slots=True)
class Prism:
    """A convex outline in the plane of length and height, drawn out over the width. ``half``: half that width in m."""

    outline: np.ndarray  # (n, 2): metres forward of the centre, metres above the road; clockwise seen from the left
    half: float
    rgb: Rgb
    glazed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One vehicle's shape, in metres. ``sections``, from the rear to the front, hold prisms in the order to draw them.

    ``wheels``: places of the axles along the length; ``side_panes``: (from, to, low, high) on both sides;
    ``end_panes``: (-1 rear or 1 front, low, high); ``stripes``: (low, high, colour) along the sides.
    """

    class_name: str
    length: float
    half: float
    sections: tuple[tuple[Prism, ...], ...]
    wheels: tuple[float, ...]
    radius: float
    side_panes: tuple[tuple[float, float, float, float], ...] = ()
    end_panes: tuple[tuple[int, float, float], ...] = ()
    light_height: float = 0.72
    stripes: tuple[tuple[float, float, Rgb], ...] = ()


def random_model(rng: np.random.Generator) -> Model:
    """Nine in ten are cars or vans, as on a real road."""
    paint = scaled(PAINTS[rng.integers(len(PAINTS))], float(rng.uniform(0.85, 1.1)))
    kinds = (_car, _van, _truck, _bus)
    return kinds[rng.choice(4, p=(0.76, 0.14, 0.06, 0.04))](rng, paint)


def _car(rng: np.random.Generator, paint: Rgb) -> Model:
    length, half, height = rng.uniform(3.7, 4.8), rng.uniform(0.82, 0.92), rng.uniform(1.38, 1.62)
    belt = rng.uniform(0.82, 0.95)
    rear = rng.choice([0.03, 0.06, 0.18])  # estate, hatchback, saloon: where the cabin ends, as a share of the length
    front, nose, tail = 0.5 - rng.uniform(0.22, 0.30), length / 2, -length / 2
    cabin = [
        (tail + rear * length, belt),
        (tail + (rear + 0.09) * length, height),
        (front * length - 0.18 * length, height),
        (front * length, belt),
    ]
    body = [(tail, 0.32), (tail + 0.02, belt - 0.04), (tail + 0.1, belt), (nose - 0.9, belt), (nose, 0.66), (nose, 0.3)]
    floor = [(tail + 0.15, 0.16), (tail + 0.15, 0.34), (nose - 0.15, 0.34), (nose - 0.15, 0.16)]
    return Model(
        class_name="car",
        length=length,
        half=half,
        sections=(
            (
                Prism(np.array(floor), half * 0.92, RUBBER),
                Prism(np.array(body), half, paint),
                Prism(np.array(cabin), half * 0.9, paint, glazed=True),
            ),
        ),
        wheels=(-0.3 * length, 0.31 * length),
        radius=0.32,
    )


def _van(rng: np.random.Generator, paint: Rgb) -> Model:
    length, half, height = rng.uniform(4.6, 5.6), rng.uniform(0.94, 1.02), rng.uniform(1.85, 2.4)
    tail, nose = -length / 2, length / 2
    body = [(tail, 0.34), (tail + 0.05, height), (nose - 1.3, height), (nose - 0.5, 1.05), (nose, 0.9), (nose, 0.3)]
    floor = [(tail + 0.2, 0.18), (tail + 0.2, 0.4), (nose - 0.2, 0.4), (nose - 0.2, 0.18)]
    pane = height - 0.62, height - 0.12
    panes = [(nose - 2.0, nose - 1.05, 1.1, height - 0.2)]
    if rng.random() < 0.5:
        panes += [(tail + 0.2, tail + 1.3, *pane), (tail + 1.45, nose - 2.1, *pane)]
    return Model(
        class_name="car",
        length=length,
        half=half,
        sections=((Prism(np.array(floor), half * 0.95, RUBBER), Prism(np.array(body), half, paint)),),
        wheels=(tail + 0.9, nose - 0.85),
        radius=0.35,
        side_panes=tuple(panes),
        end_panes=((-1, *pane),),
        light_height=0.95,
    )


def _truck(rng: np.random.Generator, paint: Rgb) -> Model:
    length, height = rng.uniform(6.0, 8.5), rng.uniform(2.8, 3.6)
    tail, nose, half = -length / 2, length / 2, 1.2
    cargo = scaled(random_rgb(rng, 0.75, 1.0), float(rng.uniform(110, 235)))
    box = [(tail, 0.95), (tail, height), (nose - 1.9, height), (nose - 1.9, 0.95)]
    frame = [(tail + 0.1, 0.55), (tail + 0.1, 0.95), (nose - 0.3, 0.95), (nose - 0.3, 0.55)]
    cab = [(nose - 1.7, 0.5), (nose - 1.7, 2.6), (nose - 0.35, 2.6), (nose, 1.5), (nose, 0.45)]
    return Model(
        class_name="truck",
        length=length,
        half=half,
        sections=(
            (Prism(np.array(frame), 1.0, RUBBER), Prism(np.array(box), half, cargo)),
            (Prism(np.array(cab), half * 0.97, paint),),
        ),
        wheels=(tail + 1.3, tail + 2.3, nose - 1.0),
        radius=0.46,
        side_panes=((nose - 1.3, nose - 0.5, 1.6, 2.35),),
        end_panes=((1, 1.6, 2.4),),
        light_height=0.75,
    )


def _bus(rng: np.random.Generator, paint: Rgb) -> Model:
    length, height = rng.uniform(9.0, 11.5), rng.uniform(2.8, 3.1)
    tail, nose, half = -length / 2, length / 2, 1.25
    body = [(tail, 0.32), (tail, height), (nose - 0.25, height), (nose, 0.3)]
    count = int(length // 1.7)
    edges = np.linspace(tail + 0.3, nose - 0.2, count + 1)
    stripe = random_rgb(rng, 60, 220)
    return Model(
        class_name="bus",
        length=length,
        half=half,
        sections=((Prism(np.array(body), half, paint),),),
        wheels=(tail + 2.4, nose - 2.4),
        radius=0.48,
        side_panes=tuple((start + 0.08, stop - 0.08, 1.35, 2.4) for start, stop in itertools.pairwise(edges)),
        end_panes=((-1, 1.5, 2.5), (1, 1.2, 2.5)),
        light_height=0.85,
        stripes=((0.95, 1.15, stripe),),
    )
