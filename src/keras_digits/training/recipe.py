"""What decides a run: one frozen dataclass, checked when made.

Imports no Keras, so that a slip of the pen is refused at once and not after Keras's seconds of
import; a test holds the names here against Keras and against the network registry.
"""

import dataclasses
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_digits.data import DATASETS
from keras_digits.errors import RecipeError
from keras_digits.processor import multiplies_bfloat16
from keras_digits.reading.catalogue import shipped_networks

NETWORKS = ("article", "convnet", "quick", "compact", "vgg", "lines")

OPTIMIZERS = (
    "sgd",
    "rmsprop",
    "adam",
    "adamw",
    "adadelta",
    "adagrad",
    "adamax",
    "adafactor",
    "nadam",
    "ftrl",
    "lamb",
    "lion",
    "muon",
    "schedulefreeadamw",
)
"""Keras's optimizers, named as ``keras.optimizers.get`` knows them; muon is made from Keras's."""

PRECISIONS = ("float32", "mixed_bfloat16")
"""Keras's dtype policies that training supports."""

AUTO_PRECISION = "auto"
"""The precision that becomes ``mixed_bfloat16`` where the processor multiplies that faster, else
``float32``; a recipe has the one that it became."""

SCHEDULES = ("constant", "cosine")
"""How the learning rate goes: not at all, or up over the first twentieth and down to 0."""

AUGMENTATIONS = ("none", "sway", "handwriting")
"""What is done to training digits anew in each epoch: nothing, little, or all that people do."""

AVERAGINGS = ("none", "start")
"""What the weights at the end are averaged with."""


def _setting(default: Any, text: str) -> Any:
    """A field with the one description that help texts, documents and the dataclass share."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run; the defaults are the tutorial's.

    Attributes:
        network: One of ``NETWORKS``.
        optimizer: One of ``OPTIMIZERS``.
        learning_rate: Above 0; None is the optimizer's own default in Keras.
        batch_size: Digits a step, at least 1; for ``lines``, as many pixels a step as so many lines
            of 96 columns have.
        epochs: Passes over the training digits, at least 1.
        validation_split: Share of the training digits that is held out and watched, in [0, 1), of
            each digit some that lie beside each other; at 0 the test set is watched, as the
            tutorial does.
        seed: Decides initial weights, shuffling and the validation split; 0 to 2**32 - 1.
        precision: One of ``PRECISIONS``; ``AUTO_PRECISION`` becomes one of them.
        schedule: One of ``SCHEDULES``.
        augmentation: One of ``AUGMENTATIONS``.
        plain_epochs: So many of the last epochs see digits unchanged, 0 to `epochs`: small networks
            have no room for both, and what is asked of them is plain (as YOLOX ends its training,
            Ge et al. 2021, arXiv:2107.08430, section 2.1). Needs an augmentation.
        non_digits: Things that are no digits shown for each digit, in [0, 1]: the network learns
            to believe in none of the ten. Needs a network that gives logits.
        start: With whose weights training begins: a run of the same network or, for those whose
            normalisation is folded away, the name of one that ships or a file that was exported;
            or None; kept as text.
        averaging: One of ``AVERAGINGS``: with ``start`` the trained network has the mean of the
            weights that training began and ended with, as of two cycles of a learning rate
            (Izmailov et al., "Averaging Weights Leads to Wider Optima", 2018), and normalises as
            batches of the last epoch have it.
        dataset: One of ``DATASETS``.
        data: A path to labelled digits, or None; kept as text.

    Raises:
        RecipeError: A value isn't allowed; the message names those that are.
    """

    network: str = _setting("article", f"The network: {', '.join(NETWORKS)}.")
    optimizer: str = _setting("sgd", f"The optimizer: {', '.join(OPTIMIZERS)}.")
    learning_rate: float | None = _setting(None, "The optimizer's step size; by default Keras's.")
    batch_size: int = _setting(128, "Digits a step; for lines, lines of some four digits.")
    epochs: int = _setting(
        20, "Passes over the training digits; for lines, as many steps as these take."
    )
    validation_split: float = _setting(
        0.0, "Share of the training digits to hold out and watch; at 0 the test set is watched."
    )
    seed: int = _setting(
        1337, "Decides all that is random: weights, order, dropout, changes, the validation split."
    )
    precision: str = _setting(
        "float32",
        f"The dtype policy: {', '.join(PRECISIONS)}, or {AUTO_PRECISION}: mixed_bfloat16 where "
        "Linux tells of units for it, else float32.",
    )
    schedule: str = _setting("constant", f"The learning rate's course: {', '.join(SCHEDULES)}.")
    augmentation: str = _setting(
        "none", f"What changes training digits each epoch: {', '.join(AUGMENTATIONS)}."
    )
    plain_epochs: int = _setting(
        0, "So many of the last epochs see digits unchanged by the augmentation."
    )
    non_digits: float = _setting(
        0.0, "Halves, pairs and scribbles to show for each digit, to be known as no digits."
    )
    start: str | None = _setting(
        None,
        "What to go on from, instead of random weights: a run of the same network, its "
        "digits.onnx, or one that ships, such as digits for lines.",
    )
    averaging: str = _setting(
        "none", f"What the last weights are averaged with: {', '.join(AVERAGINGS)}."
    )
    dataset: str = _setting("auto", f"The digits: {', '.join(DATASETS)}.")
    data: str | None = _setting(None, "A file or folder of labelled digits of your own.")

    def __post_init__(self) -> None:
        """Refuse what can't be trained; a path becomes the text that a file can hold."""
        for name in ("data", "start"):
            self._keep_as_text(name)
        if self.precision == AUTO_PRECISION:
            fastest = "mixed_bfloat16" if multiplies_bfloat16() else "float32"
            object.__setattr__(self, "precision", fastest)
        for name, allowed in (
            ("network", NETWORKS),
            ("optimizer", OPTIMIZERS),
            ("precision", (*PRECISIONS, AUTO_PRECISION)),  # has become another; named if none fits
            ("schedule", SCHEDULES),
            ("augmentation", AUGMENTATIONS),
            ("averaging", AVERAGINGS),
            ("dataset", DATASETS),
        ):
            _check_choice(name, getattr(self, name), allowed)
        _check_whole("batch_size", self.batch_size, 1, 1_000_000)
        _check_whole("epochs", self.epochs, 1, 1_000_000)
        _check_whole("plain_epochs", self.plain_epochs, 0, self.epochs)
        _check_whole("seed", self.seed, 0, 2**32 - 1)
        split, rate = self.validation_split, self.learning_rate
        if not (_is_finite(split) and 0 <= split < 1):
            raise RecipeError(f"validation_split is {split!r}; expected a share, 0 ≤ share < 1.")
        if rate is not None and not (_is_finite(rate) and rate > 0):
            raise RecipeError(f"learning_rate is {rate!r}; expected a number above 0.")
        if not (_is_finite(self.non_digits) and 0 <= self.non_digits <= 1):
            raise RecipeError(
                f"non_digits is {self.non_digits!r}; expected a share, 0 ≤ share ≤ 1."
            )
        self._check_together()

    def _check_together(self) -> None:
        """Refuse settings that are right alone and wrong beside others."""
        if self.non_digits > 0 and self.network == "article":
            raise RecipeError(
                "non_digits needs a network that gives logits, and article gives probabilities. "
                "Choose network convnet."
            )
        if self.network == "lines" and (self.augmentation != "none" or self.non_digits > 0):
            raise RecipeError(
                "augmentation and non_digits are for networks that learn from single images, and "
                "lines writes lines of its own from the digits. Leave both out."
            )
        if self.plain_epochs and self.augmentation == "none":
            raise RecipeError(
                "plain_epochs is given and augmentation is none, so all are plain. "
                "Choose an augmentation, or leave it out."
            )
        if self.averaging == "start" and self.start is None:
            raise RecipeError("averaging is start, and there is no start. Name what to start from.")
        if self.data is not None and self.dataset == "optdigits":
            raise RecipeError(
                "data is given and dataset is optdigits, which comes with scikit-learn. "
                "Leave one of the two out."
            )

    def _keep_as_text(self, name: str) -> None:
        """Bring a path to text, as a file can hold it."""
        if (path := getattr(self, name)) is None:
            return
        text = str(path)
        if isinstance(path, Path) and not path.is_absolute():
            text = os.path.join(os.curdir, path)  # noqa: PTH118  # else it may be a network's name
        object.__setattr__(self, name, text)
        if not text:
            raise RecipeError(f"{name} is empty; expected a path. Leave it out, or give one.")
        if not _is_text(text):
            raise RecipeError(f"{name} is {path!r}; expected a path in UTF-8. Rename it.")

    def to_dict(self) -> dict[str, Any]:
        """The settings by name, as JSON can hold them."""
        return dataclasses.asdict(self)

    def with_absolute_paths(self) -> "Recipe":
        """The same recipe, its paths good from any working folder."""
        data, start = (path and str(Path(path).resolve()) for path in (self.data, self.start))
        if self.start in shipped_networks():  # a folder of that name is ./NAME
            start = self.start
        return dataclasses.replace(self, data=data, start=start)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> "Recipe":
        """The recipe that :meth:`to_dict` wrote.

        Raises:
            RecipeError: A setting is unknown or isn't allowed.
        """
        if not isinstance(settings, dict):
            raise RecipeError(f"{settings!r:.60} is no recipe; expected settings by name.")
        known = {setting.name for setting in dataclasses.fields(cls)}
        if unknown := settings.keys() - known:
            raise RecipeError(
                f"unknown setting {', '.join(sorted(unknown))}; "
                f"expected {', '.join(sorted(known))}."
            )
        return cls(**settings)


def setting_help(name: str) -> str:
    """The one-line description of a recipe's field."""
    text: str = Recipe.__dataclass_fields__[name].metadata["help"]
    return text


def _check_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise RecipeError(f"{name} is {value!r}; expected one of {', '.join(allowed)}.")


def _check_whole(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RecipeError(f"{name} is {value!r}; expected a whole number from {low} to {high}.")


def _is_text(value: str) -> bool:
    """Whether `value` can be written to a file and a screen."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_finite(value: object) -> bool:
    """Whether `value` is a number that one can calculate with."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        return is_number and math.isfinite(value)  # type: ignore[arg-type]
    except OverflowError:  # a whole number of hundreds of digits
        return False
