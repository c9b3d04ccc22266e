from kittiseg.report.colors import INK, between_worst_and_best, bright, legible, themed


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


def test_from_the_worst_to_the_best_red_rises_and_blue_falls():
    """So it can be told apart without telling red from green; what lies beyond an end has its colour."""
    colors = [bytes.fromhex(between_worst_and_best(share)[1:]) for share in (-1, 0, 0.25, 0.5, 0.75, 1, 2)]

    assert colors[0] == colors[1]
    assert colors[-1] == colors[-2]
    ramp = colors[1:-1]
    assert [red for red, _, _ in ramp] == sorted({red for red, _, _ in ramp})
    assert [blue for _, _, blue in ramp] == sorted({blue for _, _, blue in ramp}, reverse=True)
