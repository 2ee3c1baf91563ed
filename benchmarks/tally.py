"""How answers are counted: when one is right, and what a set of them amounts to.

Knows answers and labels as text; knows no reader, no picture and no file.
"""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from keras_digits.evaluation.metrics import Accuracy


class Answer(NamedTuple):
    """What somebody read in a picture.

    Attributes:
        text: The numbers, one a line; empty where nothing was read.
        seconds: How long it took.
    """

    text: str
    seconds: float


def comparable(text: str, layout: str) -> str:
    """An answer as it is held against a label: of one line, where the layout has one.

    Args:
        text: The numbers, one a line.
        layout: ``digit`` and ``page`` take the text as it is; ``number`` is one line however many
            numbers were seen in it, because separators are not in the labels.
    """
    return "".join(text.split()) if layout == "number" else text


def num_edits(answer: str, label: str) -> int:
    """The fewest insertions, deletions and substitutions from answer to label (Levenshtein)."""
    row = list(range(len(label) + 1))
    for done, character in enumerate(answer, 1):
        corner, row[0] = row[0], done
        for place, wanted in enumerate(label, 1):
            changed = corner + (character != wanted)
            corner = row[place]
            row[place] = min(changed, row[place] + 1, row[place - 1] + 1)
    return row[-1]


def tally(
    answers: Sequence[Answer], labels: Sequence[str], sources: Sequence[str], layouts: Sequence[str]
) -> dict[str, Any]:
    """What a set of answers amounts to.

    Args:
        answers: At least one.
        labels: The truth for each, lines parted by a line feed.
        sources: Who made each picture.
        layouts: What each picture holds: ``digit``, ``number``, ``page`` or ``auto``.

    Returns:
        :class:`Accuracy`'s fields for the share of exact answers, ``source_mean`` (the mean of the
        sources' own shares) and ``num_sources``, ``character_error_rate`` (edits a character of the
        labels; None where these are empty) and ``seconds`` a picture.
    """
    texts = [
        comparable(answer.text, layout) for answer, layout in zip(answers, layouts, strict=True)
    ]
    exact = [text == label for text, label in zip(texts, labels, strict=True)]
    by_source: dict[str, list[bool]] = defaultdict(list)
    for source, right in zip(sources, exact, strict=True):
        by_source[source].append(right)
    num_characters = sum(map(len, labels))
    edits = sum(map(num_edits, texts, labels))
    return {
        **asdict(Accuracy.of(sum(exact), len(exact))),
        "source_mean": statistics.mean(map(statistics.mean, by_source.values())),
        "num_sources": len(by_source),
        "character_error_rate": edits / num_characters if num_characters else None,
        "seconds": statistics.mean(answer.seconds for answer in answers),
    }
