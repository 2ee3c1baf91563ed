"""How pens run in forms of digits that MNIST's writers seldom used or never.

MNIST was written in the United States. Elsewhere a 1 has a flag as long as its stem, a 7 a bar, a 4
is closed, a 5 ends like an s; the table below says how. Knows no pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

_Points: TypeAlias = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Stroke:
    """A way of the pen.

    Attributes:
        points: From the first to the last, ``(x, y)`` in a box from 0 to 1, y down.
        curved: Whether the pen goes through them in a curve; else straight.
    """

    points: _Points
    curved: bool = False


def _line(*points: tuple[float, float]) -> Stroke:
    return Stroke(points)


def _curve(*points: tuple[float, float]) -> Stroke:
    return Stroke(points, curved=True)


@dataclass(frozen=True)
class Form:
    """A way to write a digit.

    Attributes:
        widths: The narrowest and the widest, as shares of its height.
        strokes: How the pen runs.
    """

    widths: tuple[float, float]
    strokes: tuple[Stroke, ...]


_RING = ((0.5, 0), (0.15, 0.15), (0, 0.5), (0.15, 0.85), (0.5, 1), (0.85, 0.85), (1, 0.5))
_BOWL = ((0.1, 0.45), (0.6, 0.36), (1, 0.62), (0.75, 0.95), (0, 0.93))

FORMS: Mapping[int, tuple[Form, ...]] = {
    # closed past its beginning; open above; its end leaves to the right; with a small loop; wide
    0: (
        Form((0.5, 1.1), (_curve(*_RING, (0.85, 0.12), (0.45, 0.02), (0.2, 0.16)),)),
        Form((0.5, 1.0), (_curve((0.35, 0.06), *_RING[1:], (0.9, 0.2), (0.7, 0.04)),)),
        Form((0.6, 1.2), (_curve(*_RING, (0.85, 0.12), (0.5, 0.02), (0.75, 0.1), (1.2, 0.02)),)),
        Form(
            (0.6, 1.1),
            (_curve(*_RING, (0.8, 0.1), (0.5, 0.0), (0.4, 0.18), (0.65, 0.22), (0.9, 0.0)),),
        ),
        Form((1.0, 1.9), (_curve(*_RING, (0.85, 0.12), (0.45, 0.02)),)),
    ),
    # a stem; with a flag, short, longer, longest, bent in, bent out; a foot with flag and without;
    # a flag down to the base
    1: (
        Form((0.02, 0.3), (_line((0.5, 0), (0.5, 1)),)),
        Form((0.25, 0.5), (_line((0, 0.3), (0.8, 0), (0.8, 1)),)),
        Form((0.35, 0.65), (_line((0, 0.42), (0.8, 0), (0.8, 1)),)),
        Form((0.35, 0.7), (_line((0, 0.6), (0.8, 0), (0.75, 1)),)),
        Form((0.3, 0.6), (_curve((0, 0.4), (0.4, 0.27), (0.75, 0.02)), _line((0.78, 0), (0.8, 1)))),
        Form(
            (0.35, 0.65),
            (
                _curve((0, 0.42), (0.3, 0.15), (0.65, 0), (0.85, 0.08)),
                _line((0.85, 0.08), (0.75, 1)),
            ),
        ),
        Form((0.4, 0.7), (_line((0.1, 0.3), (0.55, 0), (0.55, 1)), _line((0, 1), (1, 1)))),
        Form((0.4, 0.8), (_line((0.55, 0), (0.5, 1)), _line((0, 1), (1, 1)))),
        Form((0.45, 0.8), (_line((0, 0.85), (0.6, 0), (0.9, 1)),)),
    ),
    # begun with a curl; like a z; with a loop at the foot; with a long wave below; with a large
    # curl, upright and rolled in
    2: (
        Form(
            (0.6, 0.9),
            (
                _curve((0.3, 0.32), (0.05, 0.3), (0.12, 0.07), (0.5, 0), (0.85, 0.2), (0.55, 0.62)),
                _line((0.55, 0.62), (0.05, 1), (1, 0.96)),
            ),
        ),
        Form(
            (0.55, 0.9),
            (
                _curve((0, 0.15), (0.45, 0), (0.9, 0.14), (0.75, 0.45), (0.05, 1)),
                _line((0.05, 1), (1, 1)),
            ),
        ),
        Form(
            (0.6, 1.0),
            (
                _curve(
                    (0.05, 0.22),
                    (0.4, 0),
                    (0.8, 0.18),
                    (0.6, 0.55),
                    (0.15, 0.95),
                    (0.02, 0.82),
                    (0.25, 0.78),
                    (0.6, 0.98),
                    (1, 0.9),
                ),
            ),
        ),
        Form(
            (0.6, 1.0),
            (
                _curve((0.25, 0.3), (0.08, 0.2), (0.4, 0), (0.75, 0.2), (0.5, 0.6), (0.05, 0.92)),
                _curve((0.05, 0.92), (0.35, 0.85), (0.65, 1), (1, 0.88)),
            ),
        ),
        Form(
            (0.55, 0.9),
            (
                _curve(
                    (0.35, 0.27), (0.12, 0.32), (0.06, 0.12), (0.4, 0), (0.85, 0.13), (0.75, 0.45)
                ),
                _curve((0.75, 0.45), (0.1, 0.94), (0.3, 0.83), (0.6, 0.98), (1, 0.88)),
            ),
        ),
        Form(
            (0.45, 0.8),
            (
                _curve((0.3, 0.2), (0.32, 0.34), (0.08, 0.33), (0.1, 0.08), (0.5, 0), (0.8, 0.2)),
                _curve((0.8, 0.2), (0.5, 0.65), (0, 1)),
                _line((0, 1), (0.95, 0.95)),
            ),
        ),
    ),
    # flat above; its lower bow rolled in; round; with a long tail
    3: (
        Form(
            (0.5, 0.8),
            (
                _line((0, 0), (0.9, 0), (0.4, 0.4)),
                _curve((0.4, 0.4), (0.9, 0.5), (0.95, 0.8), (0.5, 1), (0, 0.9)),
            ),
        ),
        Form(
            (0.55, 0.85),
            (
                _curve((0.25, 0.15), (0.6, 0), (0.9, 0.2), (0.5, 0.45)),
                _curve((0.5, 0.45), (1, 0.62), (0.6, 0.98), (0.1, 0.95), (0.05, 0.75), (0.4, 0.85)),
            ),
        ),
        Form(
            (0.5, 0.8),
            (
                _curve((0, 0.15), (0.5, 0), (0.85, 0.22), (0.35, 0.46)),
                _curve((0.35, 0.46), (0.95, 0.6), (0.85, 0.92), (0.4, 1), (0, 0.86)),
            ),
        ),
        Form(
            (0.5, 0.85),
            (
                _curve((0.15, 0.12), (0.6, 0), (0.75, 0.2), (0.35, 0.42)),
                _curve((0.35, 0.42), (0.8, 0.5), (0.75, 0.82), (0.3, 1), (-0.4, 0.9)),
            ),
        ),
    ),
    # open; closed; closed and its bar not crossing; pointed and open; round below; its stem short;
    # leaning
    4: (
        Form((0.6, 0.95), (_line((0.2, 0), (0, 0.6), (1, 0.58)), _line((0.7, 0.15), (0.66, 1)))),
        Form((0.6, 0.9), (_line((0.7, 1), (0.7, 0), (0, 0.66), (1, 0.66)),)),
        Form((0.45, 0.8), (_line((0.85, 1), (0.85, 0), (0, 0.5), (0.85, 0.52)),)),
        Form((0.55, 0.85), (_line((0.9, 0), (0, 0.52), (1, 0.48)), _line((0.65, 0.3), (0.6, 1)))),
        Form(
            (0.5, 0.8),
            (
                _curve((0.1, 0), (0.02, 0.4), (0.4, 0.56), (0.85, 0.45)),
                _line((0.9, 0), (0.85, 1)),
            ),
        ),
        Form((0.5, 0.9), (_line((0.4, 0), (0, 0.72), (1, 0.7)), _line((0.65, 0.45), (0.55, 1)))),
        Form(
            (0.5, 0.9),
            (_line((0.4, 0), (0, 0.62), (0.95, 0.55)), _line((0.9, 0.08), (0.6, 1))),
        ),
    ),
    # its bar apart; its bar long; a stem that only bends; like an s; its bar flown away; like a
    # root sign, straight and round
    5: (
        Form(
            (0.5, 0.85),
            (_line((0.2, 0.02), (0.1, 0.45)), _curve(*_BOWL), _line((0.25, 0), (1, -0.02))),
        ),
        Form(
            (0.6, 1.1),
            (_line((0.15, 0.05), (0.1, 0.45)), _curve(*_BOWL), _line((0.12, 0.04), (1.2, -0.08))),
        ),
        Form(
            (0.45, 0.8),
            (
                _curve((0.45, 0), (0.35, 0.4), (0.55, 0.62), (0.5, 0.9), (0.25, 1), (0, 0.88)),
                _line((0.45, 0), (1, -0.03)),
            ),
        ),
        Form(
            (0.5, 0.9),
            (
                _curve(
                    (1, 0), (0.4, 0.02), (0.15, 0.25), (0.5, 0.48), (0.85, 0.7), (0.5, 1), (0, 0.9)
                ),
            ),
        ),
        Form(
            (0.6, 1.0),
            (
                _line((0.3, 0.12), (0.15, 0.45)),
                _curve(*_BOWL),
                _line((0.45, -0.02), (1.5, -0.1)),
            ),
        ),
        Form((0.7, 1.2), (_line((0, 0.55), (0.25, 1), (0.5, 0.02), (1.2, 0)),)),
        Form(
            (0.6, 1.1),
            (_curve((0, 0.8), (0.2, 1), (0.4, 0.7), (0.5, 0.05)), _line((0.5, 0.05), (1.2, 0))),
        ),
    ),
    # rolled in; a straight stem; its loop open; its stem far to the right
    6: (
        Form(
            (0.45, 0.8),
            (
                _curve(
                    (0.85, 0),
                    (0.35, 0.25),
                    (0, 0.7),
                    (0.35, 1),
                    (0.9, 0.85),
                    (0.8, 0.55),
                    (0.4, 0.55),
                    (0.1, 0.75),
                ),
            ),
        ),
        Form(
            (0.4, 0.75),
            (
                _line((0.3, 0), (0, 0.75)),
                _curve((0, 0.75), (0.3, 1), (0.85, 0.92), (0.95, 0.65), (0.5, 0.52), (0.08, 0.75)),
            ),
        ),
        Form(
            (0.5, 0.85),
            (
                _curve(
                    (0.6, 0),
                    (0.1, 0.45),
                    (0.1, 0.85),
                    (0.5, 1),
                    (0.95, 0.8),
                    (0.75, 0.55),
                    (0.45, 0.68),
                ),
            ),
        ),
        Form(
            (0.5, 0.9),
            (
                _curve((1.1, -0.1), (0.5, 0.2), (0.05, 0.65), (0.1, 0.95), (0.45, 1)),
                _curve((0.45, 1), (0.72, 0.8), (0.55, 0.62), (0.12, 0.75)),
            ),
        ),
    ),
    # plain; a bar; a hook at its left; a wave above; a bent stem; both;
    # a hook and a bar, its stem bent
    7: (
        Form((0.5, 0.9), (_line((0, 0.03), (1, 0), (0.4, 1)),)),
        Form((0.5, 0.9), (_line((0, 0.03), (1, 0), (0.4, 1)), _line((0.3, 0.52), (0.95, 0.48)))),
        Form((0.5, 0.9), (_line((0.02, 0.18), (0.05, 0), (1, 0), (0.4, 1)),)),
        Form(
            (0.5, 0.9),
            (
                _curve((0, 0.2), (0.2, 0.02), (0.6, 0.1), (1, 0)),
                _line((1, 0), (0.45, 1)),
                _line((0.35, 0.5), (1, 0.46)),
            ),
        ),
        Form((0.5, 0.85), (_line((0, 0), (0.9, 0)), _curve((0.9, 0), (0.6, 0.45), (0.5, 1)))),
        Form(
            (0.45, 0.85),
            (
                _curve((0.05, 0.18), (0.15, 0), (0.5, 0.1), (1, 0)),
                _curve((1, 0), (0.55, 0.5), (0.35, 1)),
            ),
        ),
        Form(
            (0.5, 0.9),
            (
                _line((0, 0.22), (0.1, 0.02), (0.9, 0)),
                _curve((0.9, 0), (0.55, 0.5), (0.45, 1)),
                _line((0.2, 0.52), (0.95, 0.45)),
            ),
        ),
    ),
    # two rings; one way of the pen, whose ends cross or part
    8: (
        Form(
            (0.45, 0.75),
            (
                _curve((0.5, 0), (0.15, 0.2), (0.5, 0.46), (0.85, 0.2), (0.45, 0)),
                _curve((0.5, 0.46), (0, 0.74), (0.5, 1), (1, 0.74), (0.45, 0.46)),
            ),
        ),
        Form(
            (0.45, 0.8),
            (
                _curve(
                    (0.9, 0.12),
                    (0.5, 0),
                    (0.12, 0.2),
                    (0.5, 0.46),
                    (0.95, 0.75),
                    (0.5, 1),
                    (0.05, 0.78),
                    (0.5, 0.46),
                    (0.95, 0.05),
                ),
            ),
        ),
    ),
    # a stem at its right; a tail; a hook; a stem from the middle of the loop; a loop that is open;
    # a long tail; its loop on the right of the stem, closed and open
    9: (
        Form(
            (0.45, 0.75),
            (
                _curve((0.9, 0.12), (0.45, 0), (0.02, 0.25), (0.35, 0.5), (0.9, 0.2)),
                _line((0.92, 0.05), (0.85, 1)),
            ),
        ),
        Form(
            (0.5, 0.8),
            (
                _curve((0.9, 0.2), (0.5, 0), (0.05, 0.25), (0.4, 0.5), (0.9, 0.22)),
                _curve((0.9, 0.22), (0.85, 0.65), (0.5, 1), (0, 0.92)),
            ),
        ),
        Form(
            (0.4, 0.7),
            (
                _curve((0.5, 0.5), (0.05, 0.25), (0.5, 0), (0.95, 0.25), (0.5, 0.5)),
                _curve((0.55, 0.48), (0.65, 0.75), (0.3, 1)),
            ),
        ),
        Form(
            (0.4, 0.7),
            (
                _curve((0.2, 0.42), (0.02, 0.2), (0.5, 0), (0.95, 0.2), (0.6, 0.48)),
                _line((0.6, 0.45), (0.5, 1)),
            ),
        ),
        Form(
            (0.5, 0.8),
            (
                _curve((0.75, 0.1), (0.3, 0.02), (0, 0.3), (0.4, 0.48), (0.85, 0.3)),
                _line((0.95, 0), (0.7, 1)),
            ),
        ),
        Form(
            (0.5, 0.85),
            (
                _curve((0.9, 0.2), (0.5, 0), (0.05, 0.2), (0.3, 0.42), (0.85, 0.2)),
                _curve((0.88, 0.15), (0.8, 0.6), (0.3, 1), (-0.3, 0.95)),
            ),
        ),
        Form(
            (0.4, 0.7),
            (
                _line((0.3, 0.1), (0.3, 1)),
                _curve((0.3, 0.1), (0.7, 0), (0.98, 0.22), (0.7, 0.46), (0.3, 0.42)),
            ),
        ),
        Form(
            (0.45, 0.75),
            (
                _curve((0.1, 0.35), (0.2, 0.05), (0.65, 0), (0.98, 0.22), (0.75, 0.46), (0.4, 0.4)),
                _curve((0.4, 0.4), (0.45, 0.7), (0.3, 1)),
            ),
        ),
    ),
}
"""Of each digit, its comment naming them in their order."""
