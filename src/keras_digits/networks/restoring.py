"""The weights of a network that was exported, so that it can learn on.

Knows the ONNX files that :mod:`keras_digits.export` writes of folded networks: convolutions with a
bias, dense layers, in float32 or in integers of eight bits.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from keras_digits.errors import ModelFileError


def exported_network(path: Path) -> tuple[dict[str, str], list[NDArray[np.float32]]]:
    """A network that was exported.

    Args:
        path: Its ONNX file.

    Returns:
        Its metadata, the name in the registry as ``keras_digits.network``, and its weights in the
        order of a folded Keras model. Those of a file in integers differ from the ones it was made
        of by up to half a step of 127 each way.

    Raises:
        ModelFileError: There is no such file, or it is no network of ours.
    """
    try:
        file = onnx.load(path)
    except OSError as error:
        raise ModelFileError(
            f"{path} can't be read: {error.strerror}; expected an exported network, such as "
            "runs/mine/digits.onnx."
        ) from error
    except Exception as error:  # protobuf names no error for a broken file
        raise ModelFileError(f"{path} is no ONNX file. Export the network anew.") from error
    metadata = {entry.key: entry.value for entry in file.metadata_props}
    if "keras_digits.network" not in metadata:
        raise ModelFileError(
            f"{path} has no metadata of ours; expected a network that digits train or digits "
            "export wrote."
        )
    try:
        return metadata, _weights(file.graph)
    except (KeyError, IndexError, ValueError) as error:
        raise ModelFileError(
            f"{path} has another graph than we write. Export the network anew."
        ) from error


def _weights(graph: onnx.GraphProto) -> list[NDArray[np.float32]]:
    """The kernels and biases, layer by layer, axes in Keras's order."""
    constants = {it.name: numpy_helper.to_array(it) for it in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            values, steps, zeros = (constants[name] for name in node.input)
            axes = [one.i for one in node.attribute if one.name == "axis"]  # of output channels
            shape = [-1 if axis in axes else 1 for axis in range(values.ndim)]  # a step for each
            constants[node.output[0]] = (
                values.astype(np.float32) - zeros.astype(np.float32).reshape(shape)
            ) * steps.reshape(shape)
    weights: list[NDArray[np.float32]] = []
    sums = set()
    for node in graph.node:
        if node.op_type == "Conv":
            weights += [constants[node.input[1]].transpose(2, 3, 1, 0), constants[node.input[2]]]
        elif node.op_type == "Gemm":  # what a product and a sum become beside integers
            weights += [constants[node.input[1]], constants[node.input[2]]]
        elif node.op_type == "MatMul":
            weights.append(constants[node.input[1]])
            sums.add(node.output[0])
        elif node.op_type == "Add" and node.input[0] in sums:
            weights.append(constants[node.input[1]])
    return weights
