"""Vehicles as solids in space: prisms with windows, wheels and lights on their faces."""

from dataclasses import dataclass

import numpy as np

from kittiseg.formats.road_scenes.canvas import Canvas, Rgb, scaled
from kittiseg.formats.road_scenes.models import RUBBER, Model, Prism

GLASS: Rgb = (46, 54, 62)
RIM: Rgb = (128, 130, 134)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where a vehicle stands: its centre on the ground, and its heading: 0 is away from the camera, pi towards it."""

    x: float
    z: float
    heading: float

    def place(self, local: np.ndarray) -> np.ndarray:
        """(n, 3) metres of (forward, up, right) -> (x, y, z)."""
        sin, cos = np.sin(self.heading), np.cos(self.heading)
        forward, up, right = local.T
        return np.stack([self.x + forward * sin + right * cos, up, self.z + forward * cos - right * sin], axis=1)


def draw_vehicle(canvas: Canvas, model: Model, pose: Pose, value: int) -> None:
    """Shadow, solids, glass, wheels and lights, seen from where the camera stands."""
    _draw_shadow(canvas, model, pose)
    for section in model.sections[:: -1 if np.cos(pose.heading) > 0 else 1]:
        for prism in section:
            _draw_prism(canvas, prism, pose, value)
    for side in (-1, 1):
        if _is_seen(pose, np.array([0.0, 0.0, side * model.half])):
            _draw_side(canvas, model, pose, side, value)
    for end in (-1, 1):
        if _is_seen(pose, np.array([end * model.length / 2, 0.0, 0.0])):
            _draw_end(canvas, model, pose, end, value)


def _is_seen(pose: Pose, outward: np.ndarray) -> bool:
    """Whether the face whose middle lies ``outward`` (forward, up, right) of the centre is turned to the camera."""
    center, middle = pose.place(np.stack([np.zeros(3), outward]))
    return bool(np.dot((middle - center)[[0, 2]], middle[[0, 2]]) < 0)


def _draw_shadow(canvas: Canvas, model: Model, pose: Pose) -> None:
    far, wide, lean = model.length / 2 + 0.2, model.half + 0.15, 0.7 * canvas.light.contrast * -canvas.light.sun
    corners = np.array([(-far, 0, -wide), (far, 0, -wide), (far, 0, wide), (-far, 0, wide)], float)
    ground = pose.place(corners)
    canvas.darken(ground, 0.55)
    ground[:, 0] += lean * 2
    canvas.darken(ground, 0.7)


def _draw_prism(canvas: Canvas, prism: Prism, pose: Pose, value: int) -> None:
    """Every face that is turned to the camera; a prism is convex, so their order does not matter."""
    eye = np.array([0.0, canvas.camera.height, 0.0])
    count = len(prism.outline)
    rings = {side: pose.place(np.column_stack([prism.outline, np.full(count, side * prism.half)])) for side in (-1, 1)}
    middle = (rings[-1].mean(axis=0) + rings[1].mean(axis=0)) / 2
    faces = [(rings[side], False) for side in (-1, 1)]
    for index in range(count):
        after = (index + 1) % count
        faces.append((np.array([rings[-1][index], rings[-1][after], rings[1][after], rings[1][index]]), True))
    for face, is_edge in faces:
        center = face.mean(axis=0)
        normal = np.cross(face[1] - face[0], face[2] - face[0])
        normal *= np.sign(np.dot(normal, center - middle)) / (np.linalg.norm(normal) + 1e-9)
        if np.dot(normal, eye - center) <= 0:
            continue
        lit = canvas.light.on(prism.rgb, z=pose.z, facing=float(normal[0]))
        gain = 1.0 + 0.22 * float(normal[1])  # what looks up sees the sky
        canvas.quad(face, scaled(lit, gain), value=value, shade=(1.08, 0.78), grain=0.03)
        if prism.glazed and not (is_edge and abs(normal[1]) > 0.9):
            pane = center + (face - center) * (0.84 if is_edge else 0.8)
            glass = canvas.light.on(GLASS, z=pose.z, facing=float(normal[0]))
            canvas.quad(pane, glass, value=value, shade=(1.9, 0.7), grain=0.08)
            if not is_edge:
                _draw_pillar(canvas, pane, lit, value)


def _draw_pillar(canvas: Canvas, pane: np.ndarray, rgb: Rgb, value: int) -> None:
    """Parts the side window of a cabin: outline order is low rear, high rear, high front, low front."""
    low, high = 0.52 * pane[0] + 0.48 * pane[3], 0.42 * pane[1] + 0.58 * pane[2]
    along = (pane[3] - pane[0]) * 0.025
    canvas.quad(np.array([low - along, high - along, high + along, low + along]), rgb, value=value)


def _draw_side(canvas: Canvas, model: Model, pose: Pose, side: int, value: int) -> None:
    out, reach = side * (model.half + 0.005), model.length / 2
    for low, high, rgb in model.stripes:
        _panel(canvas, pose, [(-reach, low, out), (-reach, high, out), (reach, high, out), (reach, low, out)], rgb)
    for start, stop, low, high in model.side_panes:
        _panel(canvas, pose, [(start, low, out), (start, high, out), (stop, high, out), (stop, low, out)], GLASS)
    turn = np.linspace(0, 2 * np.pi, 18, endpoint=False)
    for axle in model.wheels:
        for share, rgb in ((1.0, RUBBER), (0.62, RIM), (0.2, RUBBER)):
            forward, up = axle + share * model.radius * np.cos(turn), model.radius * (1 + share * np.sin(turn))
            circle = np.column_stack([forward, up, np.full(len(turn), out)])
            canvas.quad(pose.place(circle), canvas.light.on(rgb, z=pose.z, facing=side * 0.5), value=value)


def _draw_end(canvas: Canvas, model: Model, pose: Pose, end: int, value: int) -> None:
    """Tyres, lamps, plate and grille of the front (1) or the rear (-1)."""
    at, half, lamp = end * (model.length / 2 + 0.005), model.half, model.light_height
    for side in (-1, 1):
        tyre = _upright(at - end * 0.4, 0.0, 0.34, half * side * 0.66, half * side * 0.95)
        canvas.quad(pose.place(np.array(tyre)), RUBBER, value=value)
        lamps = _upright(at, lamp - 0.09, lamp + 0.08, half * side * 0.68, half * side * 0.97)
        _panel(canvas, pose, lamps, (176, 28, 24) if end < 0 else (236, 232, 214))
    for which, low, high in model.end_panes:
        if which == end:
            _panel(canvas, pose, _upright(at - end * 0.06, low, high, -half * 0.83, half * 0.83), GLASS)
    _panel(canvas, pose, _upright(at, 0.46, 0.58, -half * 0.3, half * 0.3), (222, 220, 206))
    if end > 0:
        _panel(canvas, pose, _upright(at, 0.6, 0.72, -half * 0.6, half * 0.6), (30, 30, 32))


def _upright(forward: float, low: float, high: float, left: float, right: float) -> list[tuple[float, float, float]]:
    """A rectangle across the vehicle, as (forward, up, right)."""
    return [(forward, low, left), (forward, high, left), (forward, high, right), (forward, low, right)]


def _panel(canvas: Canvas, pose: Pose, local: list[tuple[float, float, float]], rgb: Rgb) -> None:
    """Something flat on a face that is already drawn and labelled."""
    canvas.quad(pose.place(np.array(local, float)), canvas.light.on(rgb, z=pose.z), shade=(1.25, 0.8))
