"""An ONNX file with weights and activations of eight bits: smaller and faster.

Where most of a network is in wide layers it is a quarter as large and two to three times as fast.

Each activation's range is what it takes on some inputs (Jacob et al. 2018, section 3); each output
channel of a convolution, and each neuron, has a scale of its own. Weights keep to seven bits,
because processors without VNNI add two products in sixteen bits, which eight could overrun.

What gives the answer stays in float32, and so does a convolution that takes the pixels: from its
one channel, ONNX Runtime gathers the products of integers byte by byte, and takes longer for them
than for what it was to save. So does what a sigmoid takes, of which eight bits tell too little.
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

_MATRICES = ["Conv", "Gemm"]
"""What has weights."""

_QUANTISED = [*_MATRICES, "Relu", "MaxPool"]


def quantise(source: Path, path: Path, name: str, batches: Iterable[Images]) -> None:
    """Write an ONNX file in integers, but for a convolution at its beginning and for its answer.

    Args:
        source: The file in float32; it has three layers with weights at least.
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
        first, second, *_, last = [
            place for place, node in enumerate(nodes) if node.op_type in _MATRICES
        ]
        squeezes = any(node.op_type == "Sigmoid" for node in nodes)
        begins_with = nodes[:second] if nodes[first].op_type == "Conv" else []
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
            nodes_to_exclude=[node.name for node in (*begins_with, nodes[last])],
            extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]} if squeezes else {},
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
