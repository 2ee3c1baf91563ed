"""Writing files so that a reader finds the whole of one or nothing.

Everything that keras-digits writes passes through :func:`replacing`, a folder that is useless in
part through :func:`replacing_folder`. Knows nothing of contents.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keras_digits.errors import OutputError

_TAKEN = "Give another name."
"""What helps where a file stands in a folder's place, or a folder in a file's."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, moved onto it when the block ends well.

    The temporary file is flushed to disk before the move, so that after a crash, a kill or a full
    disk `path` holds either its old contents or the new ones; a link to a file stays one. Its
    suffix is that of `path`, because writers such as ``keras.Model.save`` choose a format by it.

    Raises:
        OutputError: The folder or the file can't be written, or `path` is a device or a pipe.
    """
    if os.path.isdir(path):  # noqa: PTH112  # Path's raises where a name is too long
        raise OutputError(f"{path} is a folder; expected the path of a file to write.")
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113
        raise OutputError(f"{path} is a device or a pipe; expected the path of a file to write.")
    place = Path(os.path.realpath(path))
    # two processes at one file must not write into one another's half
    partial = place.with_name(f".{place.stem}.{os.getpid()}.partial{place.suffix}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        _flush(partial)
        partial.replace(place)
    except OSError as error:
        _discard(partial)
        raise cannot_write(path, error) from error
    except BaseException:
        _discard(partial)
        raise


@contextmanager
def replacing_folder(folder: Path, sign: str, *others: str) -> Iterator[Path]:
    """Give a temporary folder beside `folder`, moved into its place when the block ends well.

    Args:
        folder: Where it belongs: nothing, an empty folder, or one that such a block has written and
            nobody has put anything into.
        sign: The name of a file that every such block writes, by which its folders are known.
        others: What else such a block may write.

    Raises:
        OutputError: `folder` holds something else, or can't be written.
    """
    place = folder.resolve()
    if not place.name:
        raise OutputError(f"{folder} is no place for this; expected the path of a folder to make.")
    partial, former = (
        place.with_name(f".{place.name}.{os.getpid()}.{what}") for what in ("partial", "former")
    )
    try:
        if place.exists() and not _may_be_replaced(place, sign, others):
            raise OutputError(
                f"{folder} is there already and holds something else; expected a new or empty "
                "folder."
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        _discard(partial)
        partial.mkdir()
        yield partial
        for path in partial.rglob("*"):
            if path.is_file():
                _flush(path)
        if place.exists():
            _discard(former)
            place.rename(former)
        try:
            partial.rename(place)
        except OSError:
            if former.exists():
                former.rename(place)
            raise
        _discard(former)
    except BaseException as error:
        _discard(partial)
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            raise cannot_write(folder, error) from error
        raise


def _may_be_replaced(folder: Path, sign: str, others: Sequence[str]) -> bool:
    """Whether it is a folder, and empty or one of ours with nothing else in it."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return not names or ((folder / sign).is_file() and names <= {sign, *others})


def _flush(path: Path) -> None:
    """Have the system bring a file's contents to disk."""
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _discard(scrap: Path) -> None:
    """Remove a file or folder that is no longer wanted, as far as the file system allows."""
    if os.path.isdir(scrap):  # noqa: PTH112
        shutil.rmtree(scrap, ignore_errors=True)
        return
    try:
        scrap.unlink(missing_ok=True)
    except OSError:
        return  # The first error is the one to report.


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Turn the system's refusal to write `path` into one line with a remedy."""
    reason = error.strerror or str(error)
    is_taken = isinstance(error, FileExistsError | IsADirectoryError | NotADirectoryError)
    remedy = "Free some space, or name a folder that you may write to."
    return OutputError(f"{path} can't be written: {reason}. {_TAKEN if is_taken else remedy}")


def make_folder(folder: Path) -> None:
    """Make `folder` and its parents.

    Raises:
        OutputError: It can't be made or is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"{folder} is a file; expected the path of a folder.") from error
    except OSError as error:
        raise cannot_write(folder, error) from error


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all.

    Raises:
        OutputError: `path` can't be written.
    """
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, whole or not at all.

    Raises:
        OutputError: `path` can't be written.
    """
    write_text(path, json.dumps(value, indent=2) + "\n")
