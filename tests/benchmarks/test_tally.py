"""Answers are counted as the table says."""

import pytest
from tally import Answer, comparable, num_edits, tally


@pytest.mark.parametrize(
    ("answer", "label", "edits"),
    [
        ("", "", 0),
        ("", "123", 3),
        ("123", "", 3),
        ("123", "123", 0),
        ("12", "123", 1),
        ("1223", "123", 1),
        ("173", "123", 1),
        ("213", "123", 2),
        ("3501", "1350", 2),
        ("12\n34", "1234", 1),
    ],
)
def test_edits_are_the_fewest(answer: str, label: str, edits: int) -> None:
    assert num_edits(answer, label) == num_edits(label, answer) == edits


@pytest.mark.parametrize(
    ("layout", "text", "compared"),
    [("number", "12\n345", "12345"), ("page", "12\n345", "12\n345"), ("digit", "1\n2", "1\n2")],
)
def test_only_a_number_may_come_in_parts(layout: str, text: str, compared: str) -> None:
    assert comparable(text, layout) == compared


def test_each_source_counts_once_in_their_mean() -> None:
    answers = [Answer(text, 0.5) for text in ("1", "2", "3", "8")]
    result = tally(answers, ["1", "2", "3", "4"], ["ann", "ann", "ann", "bob"], ["digit"] * 4)
    assert (result["correct"], result["count"], result["value"]) == (3, 4, 0.75)
    assert result["source_mean"] == 0.5
    assert result["num_sources"] == 2
    assert result["character_error_rate"] == 0.25
    assert result["seconds"] == 0.5


def test_interval_is_wilsons() -> None:
    """Newcombe 1998, table I: 81 of 263 is 0.2553 to 0.3662."""
    answers = [Answer("1" if index < 81 else "7", 0.0) for index in range(263)]
    result = tally(answers, ["1"] * 263, [""] * 263, ["digit"] * 263)
    assert result["low"] == pytest.approx(0.2553, abs=5e-5)
    assert result["high"] == pytest.approx(0.3662, abs=5e-5)


def test_blank_pictures_have_no_character_error_rate() -> None:
    result = tally([Answer("", 0.0), Answer("1", 0.0)], ["", ""], ["", ""], ["auto", "auto"])
    assert result["character_error_rate"] is None
    assert result["value"] == 0.5
