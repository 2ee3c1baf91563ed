"""From the words of a command line to the pictures that they mean.

Knows files, folders, patterns and stdin; opens nothing but what can be read only once.
"""

import glob
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from PIL import Image

from keras_digits.errors import PictureError
from keras_digits.reading.limits import MAX_BYTES, UNREADABLE

STDIN = "-"
"""The word for a picture on stdin."""


_COPY = re.compile(r"-annotated(-\d+)?\.png$")
"""How the names end that :func:`copy_paths` gives."""

_PLUGINS_SUFFIXES = {".heic", ".heif"}
"""Telephones write these: without Pillow's plugin they are refused by name, not passed over."""


@dataclass(frozen=True)
class Source:
    """A picture to read, or why there is none.

    Attributes:
        name: What the answer calls it: the path, or ``-``.
        content: The path of a file, the bytes of a stream, or the error to answer with.
        copy: Where a copy goes below a folder of copies, without ``-annotated.png``.
    """

    name: str
    content: str | bytes | PictureError
    copy: PurePath


def find_sources(words: Sequence[str]) -> list[Source]:
    """List the pictures that words mean, in the words' order.

    Args:
        words: Paths of files and folders, patterns that the shell left alone, and ``-``. Of a
            folder counts every file below it with a picture's suffix, hidden ones and our own
            annotated copies aside.
    """
    return [source for word in words for source in _mean(word)]


def is_one_picture(words: Sequence[str]) -> bool:
    """Whether the words can mean only one picture, whatever lies in folders today."""
    return len(words) == 1 and not (stat.S_ISDIR(_mode(words[0])) or _is_pattern(words[0]))


def copy_paths(sources: Sequence[Source], folder: Path) -> list[Path]:
    """Where each source's annotated copy goes: no two to one place, none onto a source."""
    taken = {_identity(source.content) for source in sources if isinstance(source.content, str)}
    paths = []
    counts: dict[str, int] = {}
    for source in sources:
        place = folder / source.copy.parent
        path = place / f"{source.copy.name}-annotated.png"
        wanted = identity = _identity(path)
        count = counts.get(wanted, 1)
        while identity in taken:
            count += 1
            path = place / f"{source.copy.name}-annotated-{count}.png"
            identity = _identity(path)
        counts[wanted] = count
        taken.add(identity)
        paths.append(path)
    return paths


def _identity(path: str | Path) -> str:
    """The same for two names of one file, on disks that ignore case too."""
    return os.path.realpath(path).casefold()


def _mode(path: str) -> int:
    """What kind of file stands at a path, as ``stat`` tells it; 0 where none can be seen."""
    try:
        return Path(path).stat().st_mode
    except OSError:
        return 0


def _is_pattern(word: str) -> bool:
    """Whether a word is a pattern; a file whose name happens to look like one comes first."""
    return glob.has_magic(word) and not os.path.lexists(word)


def _mean(word: str) -> Iterator[Source]:
    """The sources that one word means."""
    if not word:
        message = "a name is empty; expected a picture, a folder or a pattern."
        yield Source(word, PictureError(message), PurePath("unnamed"))
    elif word == STDIN:
        yield _read_stdin()
    elif _is_pattern(word):
        matches = sorted(glob.glob(word, recursive=True))  # noqa: PTH207  # Path's can't be absolute
        if not matches:
            message = f"{word} matches no file; expected a picture, a folder or a pattern."
            yield Source(word, PictureError(message), PurePath(word))
        found = [source for match in matches for source in _mean(match)]
        yield from {source.name: source for source in found}.values()  # ** finds twice
    elif stat.S_ISDIR(_mode(word)):
        yield from _walk(word)
    else:
        yield _open(word)


def _open(word: str) -> Source:
    """A file by its path; a pipe, such as a shell's ``<(...)``, by what it gives."""
    path = Path(word)
    if stat.S_ISFIFO(_mode(word)):
        return _read_stream(word, word, path.name)
    return Source(word, word, PurePath(path.stem))


def _read_stdin() -> Source:
    if sys.stdin is None or sys.stdin.isatty():
        message = "stdin has no picture; expected one: digits read - < picture.png"
        return Source(STDIN, PictureError(message), PurePath("stdin"))
    return _read_stream(sys.stdin.fileno(), STDIN, "stdin")


def _read_stream(stream: str | int, name: str, copy: str) -> Source:
    """A source from what can be read only once."""
    content: bytes | PictureError
    try:
        with open(stream, "rb", closefd=isinstance(stream, str)) as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        content = PictureError(f"{copy} can't be read ({error.strerror}); expected a picture.")
    if isinstance(content, bytes) and len(content) > MAX_BYTES:
        limit = MAX_BYTES // 1_000_000
        content = PictureError(f"{copy} gives more than {limit} MB; expected a picture.")
    return Source(name, content, PurePath(copy))


def _walk(folder: str) -> Iterator[Source]:
    """The pictures below a folder, those of each folder in the order of their names."""
    suffixes = _picture_suffixes()
    refused: list[OSError] = []
    found = copies = 0
    for place, subfolders, names in os.walk(folder, onerror=refused.append):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            is_picture = path.suffix.lower() in suffixes and not name.startswith(".")
            if is_picture and _COPY.search(name):
                copies += 1
            elif is_picture and not _is_special(path):
                found += 1
                yield Source(str(path), str(path), path.relative_to(folder).with_suffix(""))
    for error in refused:
        message = f"{error.filename} can't be read ({error.strerror}); expected a folder."
        yield Source(str(error.filename), PictureError(message), PurePath(folder))
    if not found and not refused:
        passed_over = (
            "none but annotated copies, which are passed over" if copies else "no pictures"
        )
        message = f"{folder} holds {passed_over}; expected PNG, JPEG, TIFF or the like in it."
        yield Source(folder, PictureError(message), PurePath(folder))


def _is_special(path: Path) -> bool:
    """Whether it is a pipe, a socket or a device; a link to nothing is none."""
    mode = _mode(str(path))
    return mode != 0 and not stat.S_ISREG(mode)


def _picture_suffixes() -> set[str]:
    """The suffixes that pictures have, in lower case, with the dot."""
    formats = Image.registered_extensions()
    readable = Image.OPEN.keys() - UNREADABLE
    return {suffix for suffix, name in formats.items() if name in readable} | _PLUGINS_SUFFIXES
