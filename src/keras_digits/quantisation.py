"""An ONNX file with weights and activations of eight bits: a quarter as large and twice as fast.

Each activation's range is what it takes on some inputs (Jacob et al. 2018, section 3); each output
channel of a convolution has a scale of its own. Weights keep to seven bits, because processors
without VNNI add two products in sixteen bits, which eight could overrun.

The first convolution stays in float32: from its one channel, ONNX Runtime gathers the products of
integers byte by byte, and takes longer for them than for what it was to save.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from keras_digits.digits import Images

_QUANTISED = ["Conv", "Relu", "MaxPool"]


def quantise(source: Path, path: Path, name: str, batches: Iterable[Images]) -> None:
    """Write an ONNX file whose convolutions but the first and last are in integers.

    Args:
        source: The file in float32.
        path: The file to write; it has no metadata.
        name: Of the input.
        batches: What the input may be, to learn the ranges from.
    """
    with tempfile.TemporaryDirectory() as scratch, _no_advice():
        plain = Path(scratch) / "plain.onnx"
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(plain)
        onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        nodes = onnx.load(plain).graph.node
        convolutions = [place for place, node in enumerate(nodes) if node.op_type == "Conv"]
        until_second = [node.name for node in nodes[: convolutions[1]]]
        quantize_static(
            plain,
            path,
            _Inputs(name, iter(batches)),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=_QUANTISED,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[*until_second, nodes[convolutions[-1]].name],
        )


class _Inputs(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime has no types
    """Batches as ONNX Runtime asks for them."""

    def __init__(self, name: str, batches: Iterator[Images]) -> None:
        self._name = name
        self._batches = batches

    def get_next(self) -> dict[str, Images] | None:
        batch = next(self._batches, None)
        return None if batch is None else {self._name: batch}


@contextmanager
def _no_advice() -> Iterator[None]:
    """Keep ONNX Runtime from advising to prepare the file, which is done."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)
