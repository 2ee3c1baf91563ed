"""What each step of training learns from: batches that seed, epoch and place alone decide.

So resuming goes on as if nothing had happened, augmentation and dropout included.
"""

import math
import zlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_digits.data.augmentation import handwriting, sway
from keras_digits.data.formats import Digits
from keras_digits.data.lines import Case, make_batch, single_answers
from keras_digits.data.marks import non_digits
from keras_digits.digits import NUM_CLASSES
from keras_digits.networks import Network, backend
from keras_digits.training.recipe import Recipe
from keras_digits.training.stepping import Stock, stream

_PLAIN_SHARE = 0.15
"""Of digits as other hands would have them, the share that stays as it is."""


def batches_of(network: Network, digits: Digits, recipe: Recipe) -> "Batches":
    """The batches that `network` learns from when `recipe` trains it on `digits`."""
    if network.reads_lines:
        return LineBatches(network, digits, recipe)
    is_changed = recipe.augmentation != "none" or recipe.non_digits > 0
    return (ChangedBatches if is_changed else PlainBatches)(network, digits, recipe)


def targets_of(network: Network, labels: NDArray[np.uint8]) -> NDArray[np.generic]:
    """What `network` should answer to images of these labels, uint8 ``(n,)``."""
    return single_answers(labels) if network.reads_lines else one_hot(labels)


def one_hot(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 ``(n,)`` to float32 ``(n, 10)``, 1 in the column of the label."""
    encoded: NDArray[np.float32] = keras.utils.to_categorical(labels, NUM_CLASSES).astype("float32")
    return encoded


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Batches of an epoch, decided by the recipe's seed, the epoch and their place in it.

    ``fit`` calls :meth:`on_epoch_end` at moments of its own choosing, and reads ahead; the epoch's
    number therefore comes from :meth:`follow_epochs`, whose callback runs before an epoch's first
    batch is drawn.
    """

    are_at_hand = False
    """Whether they are supplied without Python between the steps."""

    def __init__(self, network: Network, digits: Digits, recipe: Recipe) -> None:
        super().__init__()
        self._network = network
        self._recipe = recipe
        self._images = digits.images
        self._labels = digits.known_labels()
        self._epoch = 0
        start = Path(recipe.start or "").name
        self._seeds = (recipe.seed, zlib.crc32(start.encode())) if start else (recipe.seed,)

    def start_epoch(self, epoch: int) -> None:
        """Go to `epoch`, counted from 0."""
        self._epoch = epoch

    def supply(self) -> Any:
        """What ``fit`` is given for these batches."""
        return stream(self)

    def follow_epochs(self) -> keras.callbacks.Callback:
        """A callback that starts each epoch here, and seeds dropout anew."""
        return _EpochStart(self, self._recipe.seed)

    def __len__(self) -> int:
        return math.ceil(len(self._labels) / self._recipe.batch_size)

    def _generator(self, index: int) -> np.random.Generator:
        """What decides the batch at this place of the epoch.

        The name of what training goes on from decides too: what was learned from stays behind.
        """
        return np.random.default_rng((*self._seeds, self._epoch, index))


class ShuffledBatches(Batches):
    """Training digits in another order each epoch."""

    def __init__(self, network: Network, digits: Digits, recipe: Recipe) -> None:
        super().__init__(network, digits, recipe)
        self._order = np.arange(len(digits))

    def start_epoch(self, epoch: int) -> None:
        """Shuffle for `epoch`, counted from 0."""
        super().start_epoch(epoch)
        order = np.random.default_rng((self._recipe.seed, epoch))
        self._order = order.permutation(len(self._order))


class PlainBatches(ShuffledBatches):
    """Training digits as they are, supplied without Python between the steps."""

    are_at_hand = True

    def __init__(self, network: Network, digits: Digits, recipe: Recipe) -> None:
        super().__init__(network, digits, recipe)
        inputs, targets = network.prepare(self._images), one_hot(self._labels)
        self._stock = Stock(inputs, targets, recipe.batch_size)

    def start_epoch(self, epoch: int) -> None:
        """Shuffle for `epoch`, counted from 0."""
        super().start_epoch(epoch)
        self._stock.reorder(self._order)

    def supply(self) -> Any:
        """What ``fit`` is given for these batches."""
        return self._stock.supply()

    def __getitem__(self, index: int) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
        return self._stock[index]


class ChangedBatches(ShuffledBatches):
    """Training digits changed anew in each epoch, as the recipe says."""

    def __getitem__(self, index: int) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
        start = index * self._recipe.batch_size
        chosen = self._order[start : start + self._recipe.batch_size]
        targets = one_hot(self._labels[chosen])
        generator = self._generator(index)
        images = self._images[chosen]
        is_plain = self._epoch >= self._recipe.epochs - self._recipe.plain_epochs
        augmentation = "none" if is_plain else self._recipe.augmentation
        if augmentation == "sway":
            images = sway(images, generator)
        elif augmentation == "handwriting":
            num_plain = round(_PLAIN_SHARE * len(images))  # the order is random already
            changed = handwriting(images[num_plain:], self._labels[chosen[num_plain:]], generator)
            images = np.concatenate([images[:num_plain], changed])
        if num_others := round(self._recipe.non_digits * len(images)):
            sources = generator.choice(len(self._images), num_others)
            others = non_digits(self._images[sources], generator)
            images = np.concatenate([images, others])
            targets = np.pad(targets, ((0, num_others), (0, 0)))  # belief in none of the ten
        return self._network.prepare(images), targets


class LineBatches(Batches):
    """Lines written with the training digits, each epoch others."""

    def __init__(self, network: Network, digits: Digits, recipe: Recipe) -> None:
        super().__init__(network, digits, recipe)
        self._case = Case(self._images, self._labels, np.random.default_rng(recipe.seed))

    def __getitem__(self, index: int) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
        lines = make_batch(self._case, self._recipe.batch_size, self._generator(index))
        return self._network.prepare(lines.images), lines.answers


class _EpochStart(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Sets what is random in an epoch by its number.

    Keras does not save where dropout's generators stand, so that a resumed run would drop others.
    """

    def __init__(self, batches: Batches, seed: int) -> None:
        super().__init__()
        self._batches = batches
        self._seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._batches.start_epoch(epoch)
        for number, layer in enumerate(self.model.layers):
            if isinstance(layer, keras.layers.Dropout):
                state = np.random.SeedSequence((self._seed, epoch, number)).generate_state(2)
                layer.seed_generator.state.assign(state)
        if backend.NAME == "torch":  # whose dropout asks torch's own generator instead
            (seed,) = np.random.SeedSequence((self._seed, epoch)).generate_state(1)
            keras.utils.set_random_seed(int(seed))
