"""Pictures with layouts of windows on them, drawn by hypothesis."""

from hypothesis import strategies as st

from kittiseg.project.geometry import Size, Window
from kittiseg.project.windows import place_windows


@st.composite
def plans(draw: st.DrawFn) -> tuple[Size, list[Window]]:
    """A picture and a layout of windows on it."""
    axes = []
    for _ in range(2):
        length = draw(st.integers(1, 24))
        window = draw(st.integers(1, length))
        axes.append((length, window, draw(st.integers(0, window - 1))))
    image, window, overlap = (Size(height=h, width=w) for h, w in zip(*axes, strict=True))
    return image, place_windows(image, window, overlap)
