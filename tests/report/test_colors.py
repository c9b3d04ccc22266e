from kittiseg.report.colors import INK, bright, legible, themed


def test_a_dark_colour_is_lightened_and_keeps_its_hue():
    """The dark blue of cars shows on a dark street and stays blue."""
    red, green, blue = bright((0, 0, 142))

    assert blue > 200
    assert red == green == 0


def test_black_and_white_both_become_legible_greys():
    """A thin line of either can be seen on black and on white."""
    assert all(90 < value < 160 for color in ((0, 0, 0), (255, 255, 255)) for value in legible(color))


def test_theme_colours_become_variables_with_themselves_to_fall_back_on():
    """A drawing follows the page's theme, and is right without a page."""
    assert themed(f"fill: {INK}; stroke: #123456") == f"fill: var(--ink, {INK}); stroke: #123456"
