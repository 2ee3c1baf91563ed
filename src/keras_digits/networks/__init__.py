"""The networks that can be trained, by name, and what each wants to be fed.

Adding one: a module beside this one with a ``Network``, and a line in ``NETWORKS``. Knows no data
set and no training.
"""

from keras_digits.networks import backend  # isort: skip  # first: it keeps Keras quiet
from keras_digits.networks.article import ARTICLE
from keras_digits.networks.compact import COMPACT
from keras_digits.networks.convnet import CONVNET
from keras_digits.networks.lines import LINES
from keras_digits.networks.network import Network
from keras_digits.networks.quick import QUICK
from keras_digits.networks.vgg import VGG

NETWORKS: dict[str, Network] = {
    network.name: network for network in (ARTICLE, CONVNET, QUICK, COMPACT, VGG, LINES)
}
"""Every network by the name that a recipe calls it."""

__all__ = ["NETWORKS", "Network", "backend"]
