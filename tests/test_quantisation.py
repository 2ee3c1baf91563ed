"""A network is brought to integers without a word, and others' log stays as they set it."""

import itertools
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

from keras_digits.quantisation import quantise


def write_network(path: Path) -> Path:
    """A network of three convolutions that takes ``images``, float32 ``(n, 1, 28, 28)``."""
    node, info = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    names = ["images", "first", "second", "logits"]
    kernel = onnx.numpy_helper.from_array(np.full((1, 1, 3, 3), 0.1, np.float32), "kernel")
    graph = onnx.helper.make_graph(
        [node("Conv", [a, "kernel"], [b], b) for a, b in itertools.pairwise(names)],
        "network",
        [info("images", onnx.TensorProto.FLOAT, ["n", 1, 28, 28])],
        [info("logits", onnx.TensorProto.FLOAT, ["n", 1, 22, 22])],
        [kernel],
    )
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), path)
    return path


@pytest.mark.parametrize(
    ("before", "meanwhile"),
    [
        (logging.NOTSET, logging.WARNING),
        (logging.INFO, logging.WARNING),
        (logging.CRITICAL, logging.CRITICAL),
    ],
)
def test_log_is_silenced_for_a_while_and_then_as_it_was(
    before: int, meanwhile: int, tmp_path: Path
) -> None:
    levels = []

    def batches() -> Iterator[np.ndarray]:
        levels.append(logging.root.manager.disable)
        yield np.ones((2, 1, 28, 28), np.float32)

    logging.disable(before)
    try:
        source = write_network(tmp_path / "network.onnx")
        quantise(source, tmp_path / "integers.onnx", "images", batches())
        levels.append(logging.root.manager.disable)
    finally:
        logging.disable(logging.NOTSET)
    assert levels == [meanwhile, before]
    found = {one.op_type for one in onnx.load(tmp_path / "integers.onnx").graph.node}
    assert "QuantizeLinear" in found
