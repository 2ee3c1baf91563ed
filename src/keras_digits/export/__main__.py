"""Conversion in a process of its own, whose Keras runs on TensorFlow: RUN PATH FORMAT."""

import sys
from pathlib import Path

from keras_digits.export import litert, onnx, saved_model
from keras_digits.training.run import open_run

_CONVERTERS = {
    "onnx": onnx.convert,
    "saved_model": saved_model.convert,
    "litert": litert.convert,
}

if __name__ == "__main__":
    folder, path, file_format = sys.argv[1:]
    _CONVERTERS[file_format](open_run(folder), Path(path))
