import pytest

from kittiseg.engine.job_logs import ShownLog, without_preparing

LINE = "2026-12-03 12:00:00,000\tINFO job_manager.py:581 -- Runtime env is setting up.\n"


@pytest.mark.parametrize("cut", [1, len(LINE) - 1, len(LINE), len(LINE) + 2])
def test_the_line_of_preparing_is_left_out_wherever_the_log_is_cut(cut: int):
    """Pieces come as the network has them."""
    written: list[str] = []
    show = ShownLog(written.append)
    for piece in ((LINE + "one\ntwo")[:cut], (LINE + "one\ntwo")[cut:]):
        show(piece)
    show.end()

    assert "".join(written) == without_preparing(LINE + "one\ntwo") == "one\ntwo"


def test_another_first_line_is_shown_though_it_does_not_end():
    """It is all there is."""
    written: list[str] = []
    show = ShownLog(written.append)
    show("only")
    show.end()
    show(LINE)

    assert written == ["only", LINE]
