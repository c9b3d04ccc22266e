"""Colours of classes made fit to be seen, and the page's own, which follow the reader's light or dark theme."""

import colorsys

RGB = tuple[int, int, int]

# What charts and graphs are drawn in: sRGB for the light theme, and the page's CSS variable that stands for it.
CARD, INK, MUTED, RULE, ACCENT, MARK = "#ffffff", "#1b2430", "#5c6878", "#d5dbe3", "#2357d9", "#0b8457"
_RAMP: tuple[RGB, ...] = ((61, 111, 214), (150, 122, 178), (226, 122, 18))
THEME = {CARD: "--card", INK: "--ink", MUTED: "--muted", RULE: "--rule", ACCENT: "--accent", MARK: "--mark"}


def themed(svg: str) -> str:
    """The drawing with the theme's colours as CSS variables, which fall back to the light ones."""
    for color, variable in THEME.items():
        svg = svg.replace(color, f"var({variable}, {color})")
    return svg


def hexadecimal(color: RGB) -> str:
    """``#rrggbb``"""
    return "#" + bytes(color).hex()


def bright(color: RGB, *, lightness: float = 0.45) -> RGB:
    """The colour, at least so light (0..1) that it shows on a dark street; its hue stays, greys stay grey."""
    return _with_lightness(color, lowest=lightness, highest=1.0)


def legible(color: RGB) -> RGB:
    """The colour, neither so dark nor so light that a thin line of it is lost on black or on white."""
    return _with_lightness(color, lowest=0.42, highest=0.58)


def between_worst_and_best(share: float) -> str:
    """Blue at 0, violet, orange at 1: told apart by the colour-blind, and legible on black and on white."""
    place = min(max(share, 0.0), 1.0) * (len(_RAMP) - 1)
    low = min(int(place), len(_RAMP) - 2)
    mixed = [round(a + (b - a) * (place - low)) for a, b in zip(_RAMP[low], _RAMP[low + 1], strict=True)]
    return "#" + bytes(mixed).hex()


def _with_lightness(color: RGB, *, lowest: float, highest: float) -> RGB:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(value / 255 for value in color))
    made = colorsys.hls_to_rgb(hue, min(max(lightness, lowest), highest), saturation)
    red, green, blue = (round(value * 255) for value in made)
    return red, green, blue
