"""How pens run in forms of digits that MNIST's writers seldom used or never.

MNIST was written in the United States. Elsewhere a 1 has a flag as long as its stem, a 7 a bar, a 4
is closed, a 5 ends like an s; the table below says how. Knows no pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Stroke:
    """A way of the pen.

    Attributes:
        points: From the first to the last, ``(x, y)`` in a box from 0 to 1, y down.
        curved: Whether the pen goes through them in a curve; else straight.
    """

    points: tuple[tuple[float, float], ...]
    curved: bool


@dataclass(frozen=True)
class Form:
    """A way to write a digit.

    Attributes:
        widths: The narrowest and the widest, as shares of its height.
        strokes: How the pen runs.
    """

    widths: tuple[float, float]
    strokes: tuple[Stroke, ...]


def form(narrowest: int, widest: int, *ways: str) -> Form:
    """A form written short.

    Args:
        narrowest: Its least width, in hundredths of its height.
        widest: Its greatest.
        ways: The strokes: ``~`` where curved or ``/`` where straight, then points ``x,y`` in
            hundredths.
    """
    return Form((narrowest / 100, widest / 100), tuple(_stroke(way) for way in ways))


def _stroke(way: str) -> Stroke:
    kind, *pairs = way.split()
    places = (pair.split(",") for pair in pairs)
    return Stroke(tuple((int(x) / 100, int(y) / 100) for x, y in places), kind == "~")


FORMS: Mapping[int, tuple[Form, ...]] = {
    0: (
        # closed past its beginning
        form(50, 110, "~ 50,0 15,15 0,50 15,85 50,100 85,85 100,50 85,12 45,2 20,16"),
        # open above
        form(50, 100, "~ 35,6 15,15 0,50 15,85 50,100 85,85 100,50 90,20 70,4"),
        # its end leaves to the right
        form(60, 120, "~ 50,0 15,15 0,50 15,85 50,100 85,85 100,50 85,12 50,2 75,10 120,2"),
        # with a small loop
        form(60, 110, "~ 50,0 15,15 0,50 15,85 50,100 85,85 100,50 80,10 50,0 40,18 65,22 90,0"),
        # wide
        form(100, 190, "~ 50,0 15,15 0,50 15,85 50,100 85,85 100,50 85,12 45,2"),
        # begun at its left, open there
        form(50, 95, "~ 20,22 50,2 90,15 98,60 60,100 12,85 2,55 8,40"),
    ),
    1: (
        # a stem
        form(2, 30, "/ 50,0 50,100"),
        # a short flag
        form(25, 50, "/ 0,30 80,0 80,100"),
        # a longer one
        form(35, 65, "/ 0,42 80,0 80,100"),
        # the longest
        form(35, 70, "/ 0,60 80,0 75,100"),
        # a flag bent in
        form(30, 60, "~ 0,40 40,27 75,2", "/ 78,0 80,100"),
        # bent out
        form(35, 65, "~ 0,42 30,15 65,0 85,8", "/ 85,8 75,100"),
        # flag and foot
        form(40, 70, "/ 10,30 55,0 55,100", "/ 0,100 100,100"),
        # a foot
        form(40, 80, "/ 55,0 50,100", "/ 0,100 100,100"),
        # a flag down to the base
        form(45, 80, "/ 0,85 60,0 90,100"),
        # a flag down to the base, bent out
        form(35, 70, "~ 0,95 40,55 75,2", "/ 75,2 70,100"),
        # bent in
        form(40, 80, "~ 0,80 40,50 80,0", "~ 80,0 68,45 70,100"),
        # a flag and a long foot
        form(50, 80, "/ 15,38 52,0 50,100", "/ -20,102 120,97"),
        # sharp, its flag as long as the stem
        form(18, 45, "/ 0,100 75,0 70,100"),
        # leaning, its flag as long as the stem
        form(25, 60, "/ 0,104 100,0 62,100"),
        # the same, bent out
        form(25, 60, "~ 0,100 45,60 85,0", "/ 85,0 75,100"),
        # a small loop at its top
        form(25, 55, "~ 0,65 45,38 78,6 62,0 56,45 62,100"),
        # a large one
        form(30, 60, "~ 0,75 55,35 85,8 60,0 45,35 50,100"),
        # a loop and a foot that swings out
        form(40, 75, "~ 0,98 45,62 80,15 68,0 52,20 50,75 65,98 100,92"),
        # its flag high and wide, its stem leaning
        form(45, 75, "/ 0,36 90,0 60,100"),
        # a flag bent out from the left
        form(45, 75, "~ 0,30 45,22 85,0", "/ 85,0 60,100"),
    ),
    2: (
        # begun with a curl
        form(60, 90, "~ 30,32 5,30 12,7 50,0 85,20 55,62", "/ 55,62 5,100 100,96"),
        # like a z
        form(55, 90, "~ 0,15 45,0 90,14 75,45 5,100", "/ 5,100 100,100"),
        # a loop at the foot
        form(60, 100, "~ 5,22 40,0 80,18 60,55 15,95 2,82 25,78 60,98 100,90"),
        # a long wave below
        form(60, 100, "~ 25,30 8,20 40,0 75,20 50,60 5,92", "~ 5,92 35,85 65,100 100,88"),
        # a large curl, upright
        form(55, 90, "~ 35,27 12,32 6,12 40,0 85,13 75,45", "~ 75,45 10,94 30,83 60,98 100,88"),
        # a large curl, rolled in
        form(45, 80, "~ 30,20 32,34 8,33 10,8 50,0 80,20", "~ 80,20 50,65 0,100", "/ 0,100 95,95"),
        # a large loop at the foot
        form(60, 95, "~ 10,25 45,0 85,20 60,60 20,95 0,75 30,65 60,95 110,88"),
        # a curl and a loop
        form(55, 90, "~ 35,30 10,25 20,3 60,0 85,22 50,65 10,95 5,75 40,75 100,98"),
        # its curl closed, and a loop
        form(55, 90, "~ 40,22 18,38 4,15 50,0 85,25 45,70 8,98 0,84 32,80 100,96"),
    ),
    3: (
        # flat above
        form(50, 80, "/ 0,0 90,0 40,40", "~ 40,40 90,50 95,80 50,100 0,90"),
        # its lower bow rolled in
        form(55, 85, "~ 25,15 60,0 90,20 50,45", "~ 50,45 100,62 60,98 10,95 5,75 40,85"),
        # round
        form(50, 80, "~ 0,15 50,0 85,22 35,46", "~ 35,46 95,60 85,92 40,100 0,86"),
        # a long tail
        form(50, 85, "~ 15,12 60,0 75,20 35,42", "~ 35,42 80,50 75,82 30,100 -40,90"),
        # its lower bow ending in a loop
        form(50, 85, "~ 30,12 65,0 90,20 60,42", "~ 60,42 100,60 70,98 20,100 5,78 30,65 55,82"),
        # a loop in its middle
        form(50, 80, "~ 10,10 60,0 85,20 50,42 30,48 35,36 60,48 95,70 60,100 0,90"),
    ),
    4: (
        # open
        form(60, 95, "/ 20,0 0,60 100,58", "/ 70,15 66,100"),
        # closed
        form(60, 90, "/ 70,100 70,0 0,66 100,66"),
        # closed, its bar not crossing
        form(45, 80, "/ 85,100 85,0 0,50 85,52"),
        # pointed and open
        form(55, 85, "/ 90,0 0,52 100,48", "/ 65,30 60,100"),
        # round below
        form(50, 80, "~ 10,0 2,40 40,56 85,45", "/ 90,0 85,100"),
        # a short stem
        form(50, 90, "/ 40,0 0,72 100,70", "/ 65,45 55,100"),
        # leaning
        form(50, 90, "/ 40,0 0,62 95,55", "/ 90,8 60,100"),
        # narrow and closed
        form(30, 55, "/ 80,100 80,0 0,44 78,46"),
        # like an h
        form(45, 75, "/ 15,0 4,66 40,62 78,50", "/ 80,40 72,100"),
        # its corner round, its stem low
        form(50, 85, "~ 32,0 8,45 6,66 40,70 92,58", "/ 72,40 62,100"),
        # its corner a small loop
        form(50, 85, "~ 35,0 10,55 2,72 18,72 22,60 95,58", "/ 72,30 64,100"),
        # begun at the top of its stem, in a curve
        form(45, 75, "~ 85,4 35,28 0,55 15,60 85,50", "/ 85,4 78,100"),
        # like a u, its bar short
        form(55, 90, "~ 8,2 0,42 30,62 75,48", "~ 88,0 84,60 95,100"),
        # pointed, both strokes from its top
        form(50, 85, "/ 62,0 0,68 100,62", "/ 62,0 72,100"),
        # round above its bar, like a 9
        form(50, 80, "~ 40,0 2,45 30,58 80,42", "/ 85,15 70,100"),
        # its stem below the bar alone, in one way of the pen
        form(55, 95, "/ 70,0 0,64 95,58 75,100"),
        # the same, round
        form(55, 95, "~ 65,0 12,38 8,62 45,66 95,56", "/ 95,50 72,100"),
    ),
    5: (
        # its bar apart
        form(50, 85, "/ 20,2 10,45", "~ 10,45 60,36 100,62 75,95 0,93", "/ 25,0 100,-2"),
        # its bar long
        form(60, 110, "/ 15,5 10,45", "~ 10,45 60,36 100,62 75,95 0,93", "/ 12,4 120,-8"),
        # a stem that only bends
        form(45, 80, "~ 45,0 35,40 55,62 50,90 25,100 0,88", "/ 45,0 100,-3"),
        # like an s
        form(50, 90, "~ 100,0 40,2 15,25 50,48 85,70 50,100 0,90"),
        # its bar flown away
        form(60, 100, "/ 30,12 15,45", "~ 10,45 60,36 100,62 75,95 0,93", "/ 45,-2 150,-10"),
        # like a root sign
        form(70, 120, "/ 0,55 25,100 50,2 120,0"),
        # like a round root sign
        form(60, 110, "~ 0,80 20,100 40,70 50,5", "/ 50,5 120,0"),
    ),
    6: (
        # rolled in
        form(45, 80, "~ 85,0 35,25 0,70 35,100 90,85 80,55 40,55 10,75"),
        # a straight stem
        form(40, 75, "/ 30,0 0,75", "~ 0,75 30,100 85,92 95,65 50,52 8,75"),
        # its loop open
        form(50, 85, "~ 60,0 10,45 10,85 50,100 95,80 75,55 45,68"),
        # its stem far to the right
        form(50, 90, "~ 110,-10 50,20 5,65 10,95 45,100", "~ 45,100 72,80 55,62 12,75"),
    ),
    7: (
        # plain
        form(50, 90, "/ 0,3 100,0 40,100"),
        # a bar
        form(50, 90, "/ 0,3 100,0 40,100", "/ 30,52 95,48"),
        # a hook at its left
        form(50, 90, "/ 2,18 5,0 100,0 40,100"),
        # a wave above, and a bar
        form(50, 90, "~ 0,20 20,2 60,10 100,0", "/ 100,0 45,100", "/ 35,50 100,46"),
        # a bent stem
        form(50, 85, "/ 0,0 90,0", "~ 90,0 60,45 50,100"),
        # a wave above, a bent stem
        form(45, 85, "~ 5,18 15,0 50,10 100,0", "~ 100,0 55,50 35,100"),
        # a hook, a bar and a bent stem
        form(50, 90, "/ 0,22 10,2 90,0", "~ 90,0 55,50 45,100", "/ 20,52 95,45"),
        # narrow, and a bar
        form(40, 70, "/ 5,20 15,4 75,0 40,100", "/ 0,50 95,45"),
        # its top a small hook, and a bar
        form(35, 65, "~ 10,20 35,0 60,8 50,50 40,100", "/ 0,50 100,45"),
        # a long bar
        form(50, 90, "/ 0,3 90,0 45,100", "/ -5,52 120,42"),
        # a wave above, a stem that falls steeply
        form(45, 80, "~ 0,15 30,4 65,12 95,2 70,35 52,100"),
        # rolled in above, and a bar
        form(45, 75, "~ 22,25 4,15 16,0 42,12 92,4 66,50 55,100", "~ 20,58 48,47 96,52"),
        # like a t
        form(35, 65, "~ 25,10 48,0 48,50 40,100", "/ 0,42 100,36"),
        # like a t that leans
        form(40, 70, "/ 60,0 40,100", "/ 0,45 100,38"),
        # like a t with a bow at its foot
        form(40, 70, "~ 40,0 42,60 50,95 75,98", "/ 0,40 100,36"),
        # like an f
        form(40, 70, "~ 12,32 42,0 75,12 48,60 32,100", "/ 5,58 95,50"),
        # a wide wave above, and a bar
        form(60, 95, "~ 0,25 20,2 55,14 100,0 75,45 50,100", "~ 20,60 60,50 105,55"),
        # a short stem, its foot bent into the bar
        form(50, 85, "/ 0,4 92,2 35,60", "~ 35,60 20,95 40,85 60,55", "/ 15,58 100,56"),
    ),
    8: (
        # two rings
        form(45, 75, "~ 50,0 15,20 50,46 85,20 45,0", "~ 50,46 0,74 50,100 100,74 45,46"),
        # one way of the pen, its ends crossing or parting
        form(45, 80, "~ 90,12 50,0 12,20 50,46 95,75 50,100 5,78 50,46 95,5"),
    ),
    9: (
        # a stem at its right
        form(45, 75, "~ 90,12 45,0 2,25 35,50 90,20", "/ 92,5 85,100"),
        # a tail
        form(50, 80, "~ 90,20 50,0 5,25 40,50 90,22", "~ 90,22 85,65 50,100 0,92"),
        # a hook
        form(40, 70, "~ 50,50 5,25 50,0 95,25 50,50", "~ 55,48 65,75 30,100"),
        # a stem from the middle of the loop
        form(40, 70, "~ 20,42 2,20 50,0 95,20 60,48", "/ 60,45 50,100"),
        # an open loop
        form(50, 80, "~ 75,10 30,2 0,30 40,48 85,30", "/ 95,0 70,100"),
        # a long tail
        form(50, 85, "~ 90,20 50,0 5,20 30,42 85,20", "~ 88,15 80,60 30,100 -30,95"),
        # its loop on the right of the stem
        form(40, 70, "/ 30,10 30,100", "~ 30,10 70,0 98,22 70,46 30,42"),
        # the same, open
        form(45, 75, "~ 10,35 20,5 65,0 98,22 75,46 40,40", "~ 40,40 45,70 30,100"),
        # one way of the pen, its end swung to the right
        form(45, 75, "~ 60,45 10,35 15,5 60,0 85,15 55,42 60,55 90,75 60,100 10,95"),
        # rolled in like a snail
        form(60, 95, "~ 60,20 50,55 10,50 10,20 50,0 95,25 90,70 40,100"),
        # its loop open, like a 3
        form(50, 80, "~ 80,8 35,0 8,24 40,46 82,24", "~ 82,24 100,62 60,100 8,92"),
        # its stem begins at the loop's foot
        form(45, 75, "~ 35,46 5,25 45,0 90,22 45,48", "~ 35,46 60,52 72,75 50,100"),
        # a long flat foot
        form(50, 85, "~ 88,24 45,0 8,24 40,48 88,26 98,65 80,92 0,97"),
    ),
}
"""Of each digit, one for each way to write it."""
