"""What stands beside the road: buildings, trees, poles, people, and boxes that only look like vehicles."""

import cv2
import numpy as np

from kittiseg.formats.road_scenes.canvas import HEIGHT, WIDTH, Canvas, Rgb, random_rgb, scaled
from kittiseg.formats.road_scenes.ground import STUFF


def draw_building(canvas: Canvas, *, side: int, x: float, near: float, far: float) -> None:
    """A house whose front, in the plane at ``x`` metres, runs along the road from ``near`` to ``far``."""
    rng = canvas.rng
    height = float(rng.uniform(4.5, 13))
    tone = rng.uniform(85, 215)
    wall: Rgb = (tone, tone * float(rng.uniform(0.85, 0.99)), tone * float(rng.uniform(0.7, 0.95)))
    front = canvas.light.on(wall, z=(near + far) / 2, facing=-side)
    gable = canvas.light.on(wall, z=near, facing=0.0)
    value, back = STUFF["building"], x + side * float(rng.uniform(7, 12))
    ridge = height + float(rng.uniform(0.0, 3.0))
    roof = [(x, height, near), ((x + back) / 2, ridge, near), ((x + back) / 2, ridge, far), (x, height, far)]
    end = [(x, 0, near), (x, height, near), ((x + back) / 2, ridge, near), (back, height, near), (back, 0, near)]
    tiles = canvas.light.on((126, 70, 54) if rng.random() < 0.6 else (78, 76, 80), z=near)
    canvas.quad(np.array(roof, float), tiles, value=value, grain=0.1)
    canvas.quad(np.array(end, float), gable, value=value, shade=(1.05, 0.9), grain=0.06)
    canvas.quad(_wall(x, near, far, 0, height), front, value=value, shade=(1.05, 0.85), grain=0.06)
    for storey in np.arange(0.9, height - 1.9, 2.9):
        _windows(canvas, x, side, float(storey), (near, far), shop=bool(storey < 1 and rng.random() < 0.4))
        for left in np.arange(min(abs(x), abs(back)) + 1.2, max(abs(x), abs(back)) - 1.6, 2.8):
            pane = [(side * left, storey), (side * left, storey + 1.4), (side * (left + 1.1), storey + 1.4)]
            corners = [*pane, (side * (left + 1.1), storey)]
            canvas.quad(np.array([(px, py, near) for px, py in corners], float), (62, 68, 76), shade=(1.4, 0.7))


def _windows(canvas: Canvas, x: float, side: int, low: float, reach: tuple[float, float], *, shop: bool) -> None:
    """One storey's windows along the road; a shop's floor gets doors, awnings and boards in strong colours."""
    rng = canvas.rng
    step, wide, high = (3.6, 2.7, 2.0) if shop else (2.7, 1.2, 1.45)
    for near in np.arange(reach[0] + 0.8, reach[1] - wide, step):
        dark = float(rng.uniform(30, 95))
        glass = canvas.light.on((dark, dark * 1.05, dark * 1.12), z=float(near), facing=-side)
        frame = canvas.light.on((205, 202, 196), z=float(near), facing=-side)
        canvas.quad(_wall(x, near - 0.1, near + wide + 0.1, low - 0.1, low + high + 0.1), frame)
        canvas.quad(_wall(x, near, near + wide, low, low + high), glass, shade=(1.5, 0.8))
        if shop and rng.random() < 0.7:
            board = canvas.light.on(random_rgb(rng, 30, 215), z=float(near), facing=-side)
            bottom = low - 0.85 if rng.random() < 0.4 else low + high * 0.55
            canvas.quad(_wall(x, near, near + wide, bottom, bottom + 1.0), board, shade=(1.2, 0.8), grain=0.05)


def _wall(x: float, near: float, far: float, low: float, high: float) -> np.ndarray:
    """An upright rectangle along the road."""
    return np.array([(x, low, near), (x, high, near), (x, high, far), (x, low, far)], float)


def draw_tree(canvas: Canvas, *, x: float, z: float) -> None:
    rng = canvas.rng
    stem, crown = float(rng.uniform(1.8, 3.2)), float(rng.uniform(1.5, 3.2))
    bark = canvas.light.on((74, 62, 50), z=z)
    _upright(canvas, (x, z), half=0.16, reach=(0, stem + 0.5), rgb=bark, value=STUFF["vegetation"])
    green = np.array((70, 98, 44)) * rng.uniform(0.7, 1.35) + rng.uniform(-12, 26) * np.array((1, 0.3, 0))
    _foliage(canvas, (x, stem + crown * 0.8, z), (crown, crown), tuple(green.tolist()))


def draw_bush(canvas: Canvas, *, x: float, z: float) -> None:
    size = float(canvas.rng.uniform(0.4, 1.0))
    _foliage(canvas, (x, size * 0.8, z), (size * float(canvas.rng.uniform(1.0, 2.4)), size), (64, 88, 42))


def _foliage(canvas: Canvas, center: tuple[float, float, float], radii: tuple[float, float], rgb: Rgb) -> None:
    """A ragged ellipse of leaves: many small discs, lighter above."""
    rng, z = canvas.rng, center[2]
    scale = canvas.camera.focal / z
    column, row = canvas.camera.project(np.array([center]))[0]
    angle, share = rng.uniform(0, 2 * np.pi, 160), np.sqrt(rng.uniform(0, 1, 160))
    columns = column + share * np.cos(angle) * radii[0] * scale
    rows = row + share * np.sin(angle) * radii[1] * scale
    discs = np.maximum(rng.uniform(0.06, 0.2, 160) * min(radii) * scale, 1.0)
    left, right = max(int((columns - discs).min()), 0), min(int((columns + discs).max()) + 2, WIDTH)
    top, bottom = max(int((rows - discs).min()), 0), min(int((rows + discs).max()) + 2, HEIGHT)
    if left >= right or top >= bottom:
        return
    mask_hw = np.zeros((bottom - top, right - left), np.uint8)
    for disc_column, disc_row, radius in zip(columns, rows, discs, strict=True):
        cv2.circle(mask_hw, (round(disc_column) - left, round(disc_row) - top), round(radius), 1, -1)
    leaves = canvas.light.on(rgb, z=z)
    canvas.paint(mask_hw != 0, (top, left), leaves, value=STUFF["vegetation"], shade=(1.3, 0.6), grain=0.24)


def draw_pole(canvas: Canvas, *, x: float, z: float, height: float) -> None:
    """A lamp post, a traffic sign or a traffic light."""
    rng, kind = canvas.rng, canvas.rng.random()
    half = 0.05 if height < 4 else 0.08
    grey = canvas.light.on((112, 114, 116), z=z)
    _upright(canvas, (x, z), half=half, reach=(0, height), rgb=grey, value=STUFF["pole"])
    if height > 4:
        arm = [(x, height - 0.12), (x, height), (x - np.sign(x) * 1.3, height), (x - np.sign(x) * 1.3, height - 0.12)]
        canvas.quad(np.array([(px, py, z) for px, py in arm], float), grey, value=STUFF["pole"])
    elif kind < 0.25:
        _upright(
            canvas,
            (x, z - 0.05),
            half=0.16,
            reach=(height - 0.9, height),
            rgb=(34, 36, 36),
            value=STUFF["traffic light"],
        )
        lamp = int(rng.integers(3))
        color: Rgb = ((220, 40, 30), (230, 170, 40), (40, 200, 90))[lamp]
        _disc(canvas, (x, height - 0.18 - 0.28 * lamp, z - 0.06), 0.1, color, STUFF["traffic light"])
    else:
        color = ((196, 30, 34), (30, 70, 160), (238, 200, 40), (236, 236, 232))[int(rng.integers(4))]
        sides = int(rng.choice((3, 4, 16)))
        _disc(canvas, (x, height, z - 0.05), 0.38, canvas.light.on(color, z=z), STUFF["traffic sign"], corners=sides)
        _disc(canvas, (x, height, z - 0.06), 0.24, canvas.light.on((236, 236, 232), z=z), None, corners=sides)


def draw_person(canvas: Canvas, *, x: float, z: float, value: int) -> None:
    """Someone who stands or walks, 1.55 to 1.9 m tall."""
    rng = canvas.rng
    tall, stride = float(rng.uniform(1.55, 1.9)), float(rng.uniform(0.03, 0.24))
    coat, trousers = random_rgb(rng, 15, 220), random_rgb(rng, 15, 110)
    skin: Rgb = ((214, 172, 146), (150, 108, 84), (92, 62, 48))[int(rng.integers(3))]
    canvas.darken(np.array([(x - 0.3, 0, z), (x + 0.3, 0, z), (x + 0.4, 0, z + 0.7), (x - 0.4, 0, z + 0.7)]), 0.6)
    for side in (-1, 1):
        leg = [(x + side * stride - 0.07, 0), (x + side * 0.03 - 0.09, tall * 0.5)]
        outline = [*leg, (x + side * 0.03 + 0.09, tall * 0.5), (x + side * stride + 0.07, 0)]
        canvas.quad(
            np.array([(px, py, z) for px, py in outline]), canvas.light.on(trousers, z=z), value=value, grain=0.05
        )
    torso = [(-0.17, 0.45), (-0.24, 0.72), (-0.2, 0.82), (0.2, 0.82), (0.24, 0.72), (0.17, 0.45)]
    outline = [(x + px, py * tall) for px, py in torso]
    cloth = canvas.light.on(coat, z=z)
    canvas.quad(np.array([(px, py, z) for px, py in outline]), cloth, value=value, shade=(1.2, 0.7), grain=0.08)
    _disc(canvas, (x, tall * 0.91, z), 0.115, canvas.light.on(skin, z=z), value)


def draw_box(canvas: Canvas, *, x: float, z: float) -> None:
    """A skip, cabinet or stall: as coloured and angular as a car, but without glass, lamps and wheels."""
    rng = canvas.rng
    half, high, deep = float(rng.uniform(0.5, 1.1)), float(rng.uniform(0.8, 2.0)), float(rng.uniform(0.7, 2.4))
    rgb = random_rgb(rng, 30, 215)
    canvas.darken(np.array([(x - half, 0, z), (x + half, 0, z), (x + half, 0, z + deep), (x - half, 0, z + deep)]), 0.5)
    inner = x - np.sign(x) * half
    value = STUFF["static"]
    side = canvas.light.on(rgb, z=z, facing=-float(np.sign(x)))
    canvas.quad(_wall(inner, z, z + deep, 0, high), side, value=value, shade=(1.0, 0.75), grain=0.05)
    top = [(x - half, high, z), (x + half, high, z), (x + half, high, z + deep), (x - half, high, z + deep)]
    canvas.quad(np.array(top, float), canvas.light.on(scaled(rgb, 1.2), z=z), value=value)
    _upright(canvas, (x, z), half=half, reach=(0, high), rgb=canvas.light.on(rgb, z=z), value=value)
    for share in np.linspace(0.15, 0.85, int(rng.integers(2, 6))):
        edge = canvas.light.on(scaled(rgb, 0.7), z=z)
        _upright(canvas, (x, z), half=half, reach=(high * share, high * share + 0.05), rgb=edge, value=None)


def draw_fence(canvas: Canvas, *, x: float, near: float, far: float) -> None:
    """A wooden fence or a low wall along the road."""
    rng = canvas.rng
    name: str = str(rng.choice(("fence", "wall")))
    rgb = canvas.light.on((132, 104, 78) if name == "fence" else (150, 146, 138), z=near, facing=-float(np.sign(x)))
    high = float(rng.uniform(0.8, 1.6))
    canvas.quad(_wall(x, near, far, 0, high), rgb, value=STUFF[name], shade=(1.1, 0.8), grain=0.09)
    if name == "fence":
        for z in np.arange(near, min(far, 45), 0.35):
            canvas.quad(_wall(x, z, z + 0.05, 0, high), (58, 46, 36))


def _upright(
    canvas: Canvas, foot: tuple[float, float], *, half: float, reach: tuple[float, float], rgb: Rgb, value: int | None
) -> None:
    """A rectangle that faces the camera; ``foot`` is (x, z) of the middle of its lower edge."""
    (x, z), (low, high) = foot, reach
    corners = [(x - half, low, z), (x - half, high, z), (x + half, high, z), (x + half, low, z)]
    canvas.quad(np.array(corners, float), rgb, value=value, shade=(1.1, 0.85), grain=0.05)


def _disc(
    canvas: Canvas, center: tuple[float, float, float], radius: float, rgb: Rgb, value: int | None, *, corners: int = 16
) -> None:
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False) + (np.pi / 4 if corners == 4 else np.pi / 2)
    x, y, z = center
    ring = np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn), np.full(corners, z)])
    canvas.quad(ring, rgb, value=value, shade=(1.1, 0.9))
