"""Confidence is measured on held-out digits, and a network whose logits are scaled is set right."""

import numpy as np
import pytest

from keras_digits.calibrating import fit_temperature, measure_promises, measure_temperature
from keras_digits.data.datasets import Dataset
from keras_digits.data.formats import Digits
from keras_digits.declining import THRESHOLDS
from keras_digits.reading.accepting import PROMISES
from keras_digits.reading.catalogue import network_path


@pytest.fixture(scope="module")
def held_out(optdigits: Dataset) -> Digits:
    return Digits(optdigits.train.images[:300], optdigits.train.known_labels()[:300])


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_temperature_undoes_what_logits_were_multiplied_by(factor: float) -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 2, (20_000, 10)).astype(np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) < generator.random((len(logits), 1))).sum(axis=1)
    labels = labels.clip(max=9).astype(np.uint8)
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor, rel=0.05)


def test_shipped_network_needs_little_temperature(held_out: Digits) -> None:
    assert 0.5 < measure_temperature(network_path(None), held_out, seed=0) < 2


def test_promises_are_measured_of_pictures(held_out: Digits) -> None:
    few = Digits(held_out.images[:40], held_out.known_labels()[:40])
    path = network_path(None)
    reports: list[tuple[int, int]] = []
    promises = measure_promises(
        path, few, seed=0, report_progress=lambda _, done, total: reports.append((done, total))
    )
    assert reports == [(done, 180) for done in range(1, 181)]
    assert set(promises) == set(PROMISES)
    single, number, digit = (promises[name] for name in PROMISES)
    assert 100 < single.num_given[0] <= 120
    assert single.num_wrong[0] < 30
    assert 35 < number.num_given[0] <= 60
    assert digit.num_given[0] > 2 * number.num_given[0]
    sure = THRESHOLDS.index(0.97)
    for one in promises.values():
        share_of_all, share_of_sure = (
            one.num_wrong[i] / max(1, one.num_given[i]) for i in (0, sure)
        )
        assert share_of_sure < share_of_all
    assert measure_promises(path, few, seed=0) == promises
