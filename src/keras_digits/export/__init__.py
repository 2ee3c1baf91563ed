"""From a run's Keras model to files for elsewhere, each proven to answer as Keras does.

``onnx`` is the one that a Reader takes; ``saved_model`` and ``litert`` are for TensorFlow and for
devices. These two need TensorFlow at hand and are imported by who wants them.
"""

from keras_digits.export.onnx import check_parity, convert, export_run

__all__ = ["check_parity", "convert", "export_run"]
