"""MNIST: where it may lie, how to fetch it, and the proof that it is MNIST.

The proof is the SHA-256 of the four *decoded* IDX files, whatever they came packed in (gzip,
Keras's npz), so a mirror, a recompressed copy and a local file are all held to the same bytes.
MNIST is by Y. LeCun, C. Cortes and C. J. C. Burges, CC BY-SA 3.0. Knows no other data set.
"""

import csv
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pooch
from numpy.typing import NDArray

from keras_digits.data.formats import Parts, read_parts
from keras_digits.data.idx import idx_sha256
from keras_digits.digits import Images, Labels
from keras_digits.errors import DatasetError, DatasetMissingError, OutputError
from keras_digits.files import make_folder
from keras_digits.progress import ReportProgress

MNIST_SHA256 = (
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)
"""SHA-256 of the gunzipped train images, train labels, test images and test labels."""

IDX_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)

NPZ_FILE = "mnist.npz"

ENVIRONMENT_VARIABLE = "KERAS_DIGITS_DATA"

UNREADABLE = -1
"""In reviewed labels: the reviewers agreed on no digit."""


@dataclass(frozen=True)
class Mirror:
    """A web folder that serves MNIST as `files`."""

    url: str
    files: tuple[str, ...]


MIRRORS = (
    Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/", IDX_FILES),
    Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/", IDX_FILES),
    Mirror("https://storage.googleapis.com/tensorflow/tf-keras-datasets/", (NPZ_FILE,)),
)

_CONNECT_TIMEOUT_SECONDS = 10
_FETCH_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class Place:
    """A place where MNIST is looked for, and whether MNIST's files lie there."""

    name: str
    path: Path
    found: bool


def load_mnist(
    data_dir: str | Path | None = None, *, report_progress: ReportProgress | None = None
) -> tuple[tuple[Images, Labels], tuple[Images, Labels]]:
    """Load MNIST as ``keras.datasets.mnist.load_data()`` gives it, from the nearest place.

    Looks in `data_dir`, then in the folder that the environment variable ``KERAS_DIGITS_DATA``
    names, in Keras's cache, in our own cache, and downloads at last. What it finds must have
    MNIST's SHA-256.

    Args:
        data_dir: A folder with the four IDX files (gzipped or not) or ``mnist.npz``, or the path
            of the latter. When given, nothing else is tried.
        report_progress: Called while downloading with a file's name, the bytes that have come
            and the bytes that are to come.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: uint8 ``(60000, 28, 28)``, 0 paper, 255 ink;
        uint8 ``(60000,)``, 0 to 9; and the same for 10,000 test digits.

    Raises:
        DatasetMissingError: MNIST is nowhere and can't be downloaded.
        DatasetError: What was found is not MNIST.
    """
    folder = find_mnist(None if data_dir is None else Path(data_dir))
    parts = read_mnist(folder or fetch_mnist(report_progress=report_progress))
    train, test = parts.labelled_train(), parts.labelled_test()
    return (train.images, train.known_labels()), (test.images, test.known_labels())


def find_mnist(data_dir: Path | None = None) -> Path | None:
    """The first place that has MNIST's files, or None.

    Raises:
        DatasetError: `data_dir` is given and has none.
    """
    places = mnist_places(data_dir)
    for place in places:
        if place.found:
            return place.path
        if place.path == data_dir:
            raise DatasetError(
                f"{data_dir} has no MNIST; expected {IDX_FILES[0]} and its three companions, or "
                f"{NPZ_FILE}. Give the folder that holds them."
            )
    return None


def mnist_places(data_dir: Path | None = None) -> list[Place]:
    """Every place where MNIST is looked for, in the order of looking."""
    places = [("--data", data_dir)] if data_dir is not None else []
    if value := os.environ.get(ENVIRONMENT_VARIABLE):
        places.append((ENVIRONMENT_VARIABLE, Path(value).expanduser()))
    keras_home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    places.append(("Keras's cache", keras_home / "datasets" / NPZ_FILE))
    places.append(("our cache", cache_folder()))
    return [Place(name, path, _has_mnist(path)) for name, path in places if path is not None]


def cache_folder() -> Path:
    """The folder that downloads go to, as the operating system wants caches placed."""
    return Path(pooch.os_cache("keras-digits")) / "mnist"


def _has_mnist(path: Path) -> bool:
    """Whether files that should be MNIST lie at `path`; their contents are not looked at."""
    try:
        if path.suffix == ".npz":
            return path.is_file()
        return (path / NPZ_FILE).is_file() or _has_idx_files(path)
    except OSError:
        return False


def _has_idx_files(folder: Path) -> bool:
    """Whether the four files are there, gzipped or not."""
    paths = [folder / name for name in IDX_FILES]
    return all(path.is_file() or path.with_suffix("").is_file() for path in paths)


def read_mnist(path: Path) -> Parts:
    """Read MNIST at `path` (a folder or an npz file) and prove that it is MNIST.

    Raises:
        DatasetError: A file is broken, or its contents are not MNIST's.
    """
    archive = path / NPZ_FILE
    parts = read_parts(archive if archive.is_file() and not _has_idx_files(path) else path)
    digests = part_digests(parts)
    for name, digest, expected in zip(IDX_FILES, digests, MNIST_SHA256, strict=True):
        if digest != expected:
            raise DatasetError(
                f"{path} is not MNIST: the contents of {name.removesuffix('.gz')} have SHA-256 "
                f"{digest[:12]}…, expected {expected[:12]}…. Give MNIST's own files, or train "
                f"on this set with --data {path} and without --dataset mnist."
            )
    return parts


def part_digests(parts: Parts) -> tuple[str, ...]:
    """SHA-256 of each array as an IDX file: train images and labels, test images and labels."""
    arrays: list[NDArray[np.uint8]] = []
    for digits in (parts.train, parts.test):
        if digits is not None:
            arrays.append(digits.images)
            if digits.labels is not None:
                arrays.append(digits.labels)
    with ThreadPoolExecutor() as threads:  # hashing lets go of Python's lock
        digests = tuple(threads.map(idx_sha256, arrays))
    return digests if len(digests) == len(IDX_FILES) else digests + ("",) * (4 - len(digests))


def fetch_mnist(
    folder: Path | None = None,
    mirrors: Sequence[Mirror] = MIRRORS,
    *,
    report_progress: ReportProgress | None = None,
    timeout_seconds: float = _FETCH_TIMEOUT_SECONDS,
) -> Path:
    """Download MNIST from the first mirror that serves it whole and right.

    Files arrive in a temporary folder, are decoded and checked there, and only then move to
    `folder`: a broken download leaves nothing behind.

    Args:
        folder: Where the files go; by default our cache.
        mirrors: Where they come from, in order; each is tried twice.
        report_progress: See :func:`load_mnist`.
        timeout_seconds: For all mirrors together.

    Returns:
        The folder that now holds MNIST.

    Raises:
        DatasetMissingError: No mirror served MNIST in time, or `folder` can't be written.
    """
    folder = folder or cache_folder()
    try:
        make_folder(folder)
    except OutputError as error:
        raise DatasetMissingError(
            f"MNIST is not on this machine and could not be kept if fetched: {error}"
        ) from error
    deadline = time.monotonic() + timeout_seconds
    reasons: dict[str, str] = {}
    for mirror in [*mirrors, *mirrors]:  # those that failed get a second chance after all others
        try:
            _fetch_from(mirror, folder, _Progress(report_progress, deadline))
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            reasons[urlsplit(mirror.url).netloc] = _first_words(error)
        else:
            return folder
    tried = "; ".join(f"{host}: {reason}" for host, reason in reasons.items())
    raise DatasetMissingError(
        f"MNIST is not on this machine and could not be fetched ({tried}). Put its "
        f"four IDX files or {NPZ_FILE} into a folder and give it with --data or "
        f"{ENVIRONMENT_VARIABLE}."
    )


def _fetch_from(mirror: Mirror, folder: Path, progress: "_Progress") -> None:
    """Bring all of one mirror's files to `folder`, or none."""
    pooch.get_logger().setLevel("ERROR")  # it would speak over our progress bar
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as partial:
        fetcher = pooch.create(
            path=partial, base_url=mirror.url, registry=dict.fromkeys(mirror.files)
        )
        download = pooch.HTTPDownloader(
            progressbar=progress, timeout=_CONNECT_TIMEOUT_SECONDS, chunk_size=1 << 16
        )
        for name in mirror.files:
            progress.name = name
            fetcher.fetch(name, downloader=download)
        read_mnist(Path(partial))
        for name in mirror.files:
            (Path(partial) / name).replace(folder / name)


class _Progress:
    """What pooch's downloader tells its progress bar, passed on, with a time limit."""

    def __init__(self, report: ReportProgress | None, deadline: float) -> None:
        self.name = ""
        self.total = 0
        self._done = 0
        self._report = report
        self._deadline = deadline

    def update(self, num_bytes: int) -> None:
        self._done += num_bytes
        if time.monotonic() > self._deadline:
            raise TimeoutError("the time limit for downloading has passed")
        if self._report:
            self._report(self.name, self._done, self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        self._done = 0


def _first_words(error: Exception) -> str:
    """A network error's gist: libraries nest paragraphs of it."""
    text = str(error)
    for gist in ("Name or service not known", "Connection refused", "timed out", "resolve"):
        if gist in text:
            return "host not found" if gist in ("Name or service not known", "resolve") else gist
    return text if len(text) <= 120 else f"{text[:117]}..."


def reviewed_test_labels(official: Labels) -> NDArray[np.int16]:
    """MNIST's test labels as human reviewers would have them.

    Reviewers rejected fifteen of the 10,000 official labels. Where they agreed on a digit it
    takes the official one's place; where they agreed on none the entry is ``UNREADABLE`` and a
    score on reviewed labels leaves that image out.

    Args:
        official: uint8 ``(10000,)``, the test labels as published.

    Returns:
        int16 ``(10000,)``, 0 to 9 or ``UNREADABLE``.
    """
    reviewed = official.astype(np.int16)
    table = resources.files("keras_digits.data").joinpath("label_review.csv").read_text("utf-8")
    for row in csv.DictReader(table.splitlines()):
        index = int(row["test_index"])
        if official[index] != int(row["official_label"]):
            raise DatasetError(
                f"test label {index} is {official[index]}, expected {row['official_label']}. "
                "Reviewed labels belong to MNIST's own test set only."
            )
        reviewed[index] = int(row["reviewed_label"] or UNREADABLE)
    return reviewed
