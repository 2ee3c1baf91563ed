"""A network that ships can learn on: its file gives back the weights that it was made of."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from keras_digits.data.datasets import Dataset
from keras_digits.errors import ModelFileError
from keras_digits.networks import NETWORKS
from keras_digits.networks.convolutions import unfold
from keras_digits.networks.restoring import exported_network
from keras_digits.reading.catalogue import shipped_networks
from keras_digits.reading.network import Network


@pytest.mark.parametrize("shipped", ["digits", "compact"])
def test_network_that_ships_is_itself_again_in_keras(shipped: str, optdigits: Dataset) -> None:
    path, images = shipped_networks()[shipped].path, optdigits.test.images
    metadata, folded = exported_network(path)
    network = NETWORKS[metadata["keras_digits.network"]]
    model = network.build("float32")
    unfold(folded, model, network.prepare(images))
    reading = network.reading_model(model)
    logits = np.asarray(reading(images)[0] if network.reads_lines else reading(images))
    expected = Network(path).logits(images)
    assert (logits.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.99
    is_exact = not network.in_integers  # eight bits cost a little
    scale = np.abs(expected).max()
    assert np.abs(logits - expected).mean() < (1e-5 if is_exact else 0.02) * scale


def test_channels_are_normalised_as_what_they_are_to_learn_from(optdigits: Dataset) -> None:
    _, folded = exported_network(shipped_networks()["compact"].path)
    network = NETWORKS["compact"]
    inputs = network.prepare(optdigits.train.images)
    model = network.build("float32")
    unfold(folded, model, inputs)
    learning, reading = model(inputs, training=True), model(inputs, training=False)
    np.testing.assert_allclose(learning, reading, atol=2e-3 * float(np.abs(reading).max()))
    assert all(np.all(layer.gamma >= 0) for layer in model.layers if hasattr(layer, "gamma"))


def test_what_is_no_exported_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"can't be read: No such file.*runs/mine/digits.onnx"):
        exported_network(tmp_path / "none.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(ModelFileError, match="is no ONNX file"):
        exported_network(broken)
    foreign = onnx.load(shipped_networks()["compact"].path)
    del foreign.metadata_props[:]
    onnx.save(foreign, tmp_path / "foreign.onnx")
    with pytest.raises(ModelFileError, match="has no metadata of ours"):
        exported_network(tmp_path / "foreign.onnx")
