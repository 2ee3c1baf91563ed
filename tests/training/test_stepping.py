"""Many steps an execution learn what one step at a time learns."""

import keras
import numpy as np
import pytest

from keras_digits.data.datasets import Dataset
from keras_digits.networks import NETWORKS, backend
from keras_digits.training.batches import batches_of, one_hot
from keras_digits.training.fit import compiled_model, train
from keras_digits.training.recipe import Recipe
from keras_digits.training.stepping import Stock, hasten

on_tensorflow = pytest.mark.skipif(
    backend.NAME != "tensorflow", reason="other backends take one step at a time"
)


def losses_step_by_step(recipe: Recipe, digits: Dataset) -> list[float]:
    """The losses of plain Keras, a batch at a time, in the recipe's order."""
    network, labels = NETWORKS[recipe.network], digits.train.known_labels()
    keras.utils.set_random_seed(recipe.seed)
    model = network.build(recipe.precision)
    model.compile(keras.optimizers.get(recipe.optimizer), network.loss())
    inputs, targets, losses = network.prepare(digits.train.images), one_hot(labels), []
    for epoch in range(recipe.epochs):
        order = np.random.default_rng((recipe.seed, epoch)).permutation(len(labels))
        of_epoch, counts = [], []
        for start in range(0, len(order), recipe.batch_size):
            chosen = order[start : start + recipe.batch_size]
            loss = model.train_on_batch(inputs[chosen], targets[chosen])
            of_epoch.append(float(loss))
            counts.append(len(chosen))
            model.reset_metrics()
        losses.append(float(np.average(of_epoch, weights=counts)))
    return losses


@pytest.mark.parametrize(
    ("network", "batch_size", "epochs"),
    [("article", 1540, 12), ("article", 200, 3), ("quick", 770, 2)],
    ids=["a step an epoch", "a last batch that is smaller", "convolutions"],
)
def test_losses_are_those_of_plain_keras(
    network: str, batch_size: int, epochs: int, optdigits: Dataset
) -> None:
    recipe = Recipe(
        network=network,
        optimizer="adam",
        batch_size=batch_size,
        epochs=epochs,
        dataset="optdigits",
    )
    run = train(recipe, out="run", dataset=optdigits)
    found = [row["loss"] for row in run.history()]
    np.testing.assert_allclose(found, losses_step_by_step(recipe, optdigits), rtol=2e-4)


@on_tensorflow
def test_xla_learns_the_same(optdigits: Dataset) -> None:
    recipe = Recipe(batch_size=400, epochs=3, dataset="optdigits")
    batches = batches_of(NETWORKS["article"], optdigits.train, recipe)
    keras.utils.set_random_seed(recipe.seed)
    model = compiled_model(recipe, len(batches))
    supply = batches.supply()
    hasten(model, num_steps=10**6, callbacks=[])
    assert model.jit_compile
    fitted = model.fit(
        supply, epochs=3, verbose=0, shuffle=False, callbacks=[batches.follow_epochs()]
    )
    expected = losses_step_by_step(recipe, optdigits)
    np.testing.assert_allclose(fitted.history["loss"], expected, rtol=2e-4)


def test_each_row_comes_once_in_the_order_asked_for() -> None:
    inputs, targets = np.arange(10)[:, None], np.arange(10)[:, None] * 2
    stock = Stock(inputs, targets, batch_size=4)
    supply = stock.supply()
    for seed in (1, 2):
        order = np.random.default_rng(seed).permutation(10)
        stock.reorder(order)
        batches = [[np.asarray(one) for one in batch] for batch in supply]
        assert [len(batch[0]) for batch in batches] == [4, 4, 2]
        np.testing.assert_array_equal(np.concatenate([one for one, _ in batches])[:, 0], order)
        np.testing.assert_array_equal(np.concatenate([two for _, two in batches])[:, 0], 2 * order)


class Counter(keras.callbacks.Callback):  # type: ignore[misc]
    """Counts batches, as a callback of the user's might."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        self.batches.append(batch)


def test_callbacks_that_watch_batches_see_each(optdigits: Dataset) -> None:
    counter = Counter()
    recipe = Recipe(batch_size=400, epochs=2, dataset="optdigits")
    train(recipe, out="run", dataset=optdigits, callbacks=[counter])
    assert counter.batches == [0, 1, 2, 3] * 2


@on_tensorflow
def test_many_steps_are_one_execution_where_nobody_watches(optdigits: Dataset) -> None:
    recipe = Recipe(dataset="optdigits")
    batches = batches_of(NETWORKS["article"], optdigits.train, recipe)
    for callbacks, is_many in (
        ([], True),
        ([keras.callbacks.EarlyStopping()], True),
        ([Counter()], False),
    ):
        model = compiled_model(recipe, len(batches))
        hasten(model, 100, callbacks)
        assert (model.steps_per_execution > 1) is is_many
