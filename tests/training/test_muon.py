"""Convolutions inside a network take orthogonal steps; other weights learn as Keras has it."""

from typing import Any

import keras
import numpy as np
import pytest

from keras_digits.training.muon import Muon

RATE = 0.01
SHAPES = ((5, 5, 1, 6), (6,), (3, 3, 6, 8), (3, 3, 8, 200), (200, 32), (32, 10), (10,))
"""Of a network's weights: two kernels and a matrix lie inside."""


def noise(shape: tuple[int, ...], seed: int = 1) -> Any:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def steps(optimizer: keras.optimizers.Optimizer, *gradients: list[Any]) -> list[list[Any]]:
    """By how much each of the lists of gradients changes weights of those shapes."""
    variables = [keras.Variable(np.ones(one.shape, np.float32)) for one in gradients[0]]
    optimizer.build(variables)
    found = []
    for some in gradients:
        before = [keras.ops.convert_to_numpy(variable).copy() for variable in variables]
        optimizer.apply([keras.ops.convert_to_tensor(one) for one in some], variables)
        after = [keras.ops.convert_to_numpy(variable) for variable in variables]
        found.append([one - other for one, other in zip(before, after, strict=True)])
    return found


def test_a_kernels_step_is_as_long_in_each_of_its_gradients_directions() -> None:
    gradients = [noise(shape) for shape in SHAPES]
    (found,) = steps(Muon(RATE, weight_decay=None), gradients)
    for place in (2, 3):
        matrix = gradients[place].reshape(-1, SHAPES[place][-1])
        left, lengths, right = np.linalg.svd(matrix, full_matrices=False)
        assert lengths.max() > 1.5 * lengths.min()
        length = 0.2 * RATE * np.sqrt(max(matrix.shape))
        along = left.T @ found[place].reshape(matrix.shape) @ right.T / length
        assert np.all((np.diag(along) > 0.6) & (np.diag(along) < 1.3))
        assert np.abs(along - np.diag(np.diag(along))).max() < 0.1


def test_ends_learn_by_adamw() -> None:
    gradients = [[noise(shape, seed) for shape in SHAPES] for seed in range(3)]
    ours, adamw = (steps(make(RATE), *gradients) for make in (Muon, keras.optimizers.AdamW))
    for place in (0, 1, 5, 6):
        for one, other in zip(ours, adamw, strict=True):
            assert one[place] == pytest.approx(other[place], rel=1e-3, abs=1e-6)


def test_matrices_inside_learn_as_with_kerass_own() -> None:
    gradients = [[noise(shape, seed) for shape in SHAPES] for seed in range(3)]
    ours, kerass = (steps(make(RATE), *gradients) for make in (Muon, keras.optimizers.Muon))
    for one, other in zip(ours, kerass, strict=True):
        assert np.array_equal(one[4], other[4])
        assert not np.allclose(one[2], other[2], rtol=0.1)


def test_steps_follow_those_before() -> None:
    first, second = noise((3, 3, 6, 8)), -0.01 * noise((3, 3, 6, 8))
    network = [noise(SHAPES[0]), first, noise((8, 10))], [noise(SHAPES[0]), second, noise((8, 10))]
    (_, held), (_, turned) = (
        steps(Muon(RATE, momentum=momentum, weight_decay=None), *network) for momentum in (0.95, 0)
    )
    assert np.sum(held[1] * first) > 0 > np.sum(turned[1] * first)
