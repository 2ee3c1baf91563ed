"""The section of ``docs/results.md`` about what was tried to read pictures better."""

from collections.abc import Sequence

_MISSES = (
    "slim fours closed at the top, taken for nines",
    "nines whose loop is open or whose stem hangs",
    "on cheques ones with an upstroke as long as the stem, taken for sevens, eights or a printed "
    "border, and sevens with a bar, taken for a plus sign or passed over",
    "raised zeros, and zeros that run into each other",
)
"""What the misses have in common."""

_KEPT = (
    "a network that reads whole lines instead of pieces between cuts, normalised by batch",
    "forms drawn stroke by stroke, lines that end in zeros and in closing strokes, letters shown "
    "as what is none",
    "twenty forms drawn after what was misread here (sevens like t and f, fours without a stem "
    "above the bar, nines with a flat foot, ones with a loop): four cheques and eight of Semeion's "
    "digits more; two dozen others did little",
    "the mean of two trainings' weights, which reads more cheques than either",
    "spoiled single digits in training (bands, outlines, clouds, scratches, blots), which halve "
    "the errors under corruption and cost a few cheques; the mean of the weights before and after "
    "keeps most of both",
    "several sizes, leaning and upright, narrower and wider, added up; a tight crop seen as a "
    "whole; very tall digits seen whole; faint ink that goes on, and a single digit looked for in "
    "fainter ink: three cheques, five digits of church books and one in pen",
    "a row that passes over a plain upright stroke counts for less, because where a one reaches "
    "from edge to edge of a view the network takes it for a border: one answer here, and much to "
    "who writes so",
    "rings around digits, a dark desk around the paper, shadows, coins and columns of tables are "
    "told from writing; they don't occur here",
)
"""What was tried and stayed."""

_IN_VAIN = (
    "more than each look's best row (prefix beam search)",
    "smaller sizes, wider margins",
    "two looks before any is enough, a higher bar for looking closer, more views of what is in "
    "doubt",
    "looks multiplied instead of added, a bonus for longer rows",
    "gaps of a pixel closed before parts are told apart",
    "the beliefs of two networks added up: a little more in twice the time",
)
"""What was tried with little or no effect."""

_TRAININGS = (
    "32 and 20 epochs from random weights: where all this began",
    "10 more with more upright ones: five cheques more, five of Semeion's digits fewer; not kept",
    "52 from random weights with upright ones, dates, sums, words and rules through digits: three "
    "cheques fewer, 55 instead of 21 of 60 made sums, 93 instead of 90 % of what is no digit "
    "declined, but less well calibrated on MNIST; not kept",
    "48 from random weights with signs of currencies and sums, brackets and slashes, holding out "
    "digits by other hands than it learned from: three digits of church books fewer, made amounts "
    "behind a dollar sign mostly right, but less sure of numbers; its first 30 epochs were kept",
    "20 more with fewer and longer slashes and round brackets alone, and 16 more, each ended with "
    "the mean of what it began and ended with: kept. Beside the first, two cheques and four digits "
    "of church books more, one of Semeion's fewer, 37 instead of none of 40 amounts behind a "
    "dollar sign; without the last 16, five cheques and five digits of church books fewer, but 14 "
    "instead of none of 60 made numbers beside a word",
    "34 more by Muon with words, percent signs and slim brackets: made numbers beside words right "
    "in 51 of 120 instead of 17, a digit in pen more, but nine of church books and three cheques "
    "fewer; not kept",
    "the mean of two such, 10 more epochs, the mean of that and of what shipped, 8 more: three "
    "cheques fewer, five of Semeion's digits more, numbers beside words more often, but shadows on "
    "bare paper were zeros more often; not kept",
    "24 by Muon from what shipped, with blots too and words in a tenth of the lines, and the mean "
    "with that: kept. Three digits of church books, one drawn and one cheque fewer, one of "
    "Semeion's more, 93 instead of 91 % of what is no digit declined, numbers among signs and "
    "words more often. Kernels grow while Muon trains them; normalised by the mean of both ends' "
    "statistics, as all means before were, it read 18 cheques and 26 of Semeion's digits fewer "
    "than normalised anew. The same 24 without the mean read three cheques fewer",
    "8 more from there in smaller steps, ended with the mean: one drawn digit, one in pen and one "
    "of Semeion's more, three of church books fewer, but 89 % of what is no digit declined, where "
    "90 are aimed at; not kept",
    "16 more from what shipped with words in a seventh of the lines, more slashes and more letters "
    "alone, ended with the mean: one drawn digit and one in pen more, 95 instead of 90 of 120 made "
    "numbers beside a word, but four digits of church books and five of Semeion's fewer; not kept",
)
"""Weights that were trained, in order, and whether they stayed."""


def attempts_section() -> str:
    """What was tried to read people's own pictures better."""
    return "\n".join(
        (
            "## What was tried",
            "",
            "Against what is misread in people's own pictures, as noted when it was tried; no file "
            "holds these figures. The misses have in common:",
            "",
            *_items(_MISSES),
            "",
            "Tried and kept:",
            "",
            *_items(_KEPT),
            "",
            "Tried with little or no effect:",
            "",
            *_items(_IN_VAIN),
            "",
            "What is left is mostly the network's. Weights that were trained, one after another; "
            "these pictures chose between them, not MNIST's test digits:",
            "",
            *_items(_TRAININGS),
        )
    )


def _items(texts: Sequence[str]) -> list[str]:
    """A Markdown list."""
    return [f"* {text};" for text in texts[:-1]] + [f"* {texts[-1]}."]
