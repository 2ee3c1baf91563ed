"""Lines are brought to the size and slant in which the network wants to see them."""

import numpy as np
import pytest

from keras_digits.digits import FRAME_WIDTH, SIDE
from keras_digits.reading.finding import find_lines
from keras_digits.reading.ink import find_ink
from keras_digits.reading.parts import Pieces
from keras_digits.reading.views import DIGIT_HEIGHT, Line
from pen import climbing, write


def line_of(page: np.ndarray) -> Line:
    (found,) = find_lines(Pieces.of(find_ink(np.repeat(page[:, :, None], 3, axis=2))))
    return found.line


@pytest.mark.parametrize("height", [22, 60, 300])
def test_digits_stand_twenty_pixels_tall_in_the_middle(height: int) -> None:
    view = line_of(write("2846", height=height, thickness=max(2, height // 12))).view()
    rows = np.flatnonzero((view.strip > 100).any(axis=1))
    assert view.strip.shape[0] == SIDE
    assert view.strip.shape[1] % FRAME_WIDTH == 0
    assert abs(rows[-1] + 1 - rows[0] - DIGIT_HEIGHT) <= 2
    assert abs((rows[0] + rows[-1]) / 2 - (SIDE - 1) / 2) <= 1.5


@pytest.mark.parametrize("height", [150, 250, 2000])
def test_hairlines_on_tall_digits_stay_black(height: int) -> None:
    thin = line_of(write("73", height=height, thickness=2)).view().strip.astype(float)
    pen = line_of(write("73", height=height, thickness=height // 14)).view().strip.astype(float)
    assert (thin > 127).sum() > 0.5 * (pen > 127).sum()
    shared = min(thin.shape[1], pen.shape[1])
    assert np.corrcoef(thin[:, :shared].ravel(), pen[:, :shared].ravel())[0, 1] > 0.65


def test_size_is_a_share_of_the_usual_height() -> None:
    view = line_of(write("38")).view(size=0.5)
    rows = np.flatnonzero((view.strip > 100).any(axis=1))
    assert abs(rows[-1] + 1 - rows[0] - DIGIT_HEIGHT / 2) <= 2


@pytest.mark.parametrize("lean", [0.0, 0.5])
def test_slant_is_told_to_a_fifth(lean: float) -> None:
    assert line_of(write("14171", lean=lean)).slant == pytest.approx(lean, abs=0.2)


def test_leaning_writing_is_set_upright() -> None:
    line = line_of(write("1", lean=0.6, height=80, thickness=7))
    leaning, upright = (
        np.flatnonzero((line.view(slant=slant).strip > 100).any(axis=0)) for slant in (0.0, 0.6)
    )
    assert upright[-1] - upright[0] < 0.7 * (leaning[-1] - leaning[0])


@pytest.mark.parametrize("slope", [-0.25, 0.15])
def test_line_that_climbs_or_falls_is_made_level(slope: float) -> None:
    line = line_of(climbing(write("28408462", spacing=0.4), slope))
    assert line.level.slope == pytest.approx(slope, abs=0.02)
    strip = line.view().strip > 100
    columns = np.flatnonzero(strip.any(axis=0))
    tops = strip[:, columns].argmax(axis=0)
    first, last = np.array_split(tops, 2)
    assert abs(np.percentile(first, 20) - np.percentile(last, 20)) <= 1.5


def test_few_digits_or_uneven_ones_leave_a_line_level() -> None:
    assert line_of(climbing(write("284", spacing=0.4), 0.3)).level.slope == 0
    assert line_of(climbing(write("2840846"), 0.03)).level.slope == 0
    assert line_of(climbing(write("28408", spacing=0.4), 0.38)).level.slope == 0


@pytest.mark.parametrize("slope", [-0.16, 0.16])
def test_whole_line_is_seen_where_digits_crowd_at_one_end(slope: float) -> None:
    crowded, loose = write("2840846284084628", spacing=0.1), write("28408462840846", spacing=0.9)
    height = max(len(crowded), len(loose))
    parts = [
        np.pad(one, ((0, height - len(one)), (0, 0)), constant_values=one.max())
        for one in (crowded, loose)
    ]
    line = line_of(climbing(np.concatenate(parts, axis=1), slope))
    inked = line.view().strip > 100
    heights = [np.ptp(np.flatnonzero(one.any(axis=1))) for one in np.array_split(inked, 12, axis=1)]
    assert min(heights) >= 0.8 * max(heights)


def test_stretched_writing_is_wider_and_no_taller() -> None:
    line = line_of(write("38"))
    (tall, wide), (as_tall, wider) = (
        [np.ptp(np.flatnonzero((view.strip > 100).any(axis=axis))) + 1 for axis in (1, 0)]
        for view in (line.view(), line.view(stretch=1.5))
    )
    assert as_tall == tall
    assert wider == pytest.approx(1.5 * wide, abs=3)


@pytest.mark.parametrize("stretch", [0.8, 1.0, 1.25])
def test_columns_lead_back_to_the_picture(stretch: float) -> None:
    page = write("1", height=80, thickness=8, margin=50)
    view = line_of(page).view(stretch=stretch)
    seen = float(np.average(np.arange(view.strip.shape[1]), weights=view.strip.sum(axis=0)))
    ink = (245 - page.astype(float)).clip(0).sum(axis=0)
    expected = float(np.average(np.arange(page.shape[1]), weights=ink))
    (column,) = view.columns_in_picture(np.array([seen + 0.5]))
    assert column == pytest.approx(expected + 0.5, abs=2)
