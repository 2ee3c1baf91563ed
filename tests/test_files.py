"""Files are whole or absent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_digits.errors import DigitsError, OutputError
from keras_digits.files import make_folder, replacing, replacing_folder, write_json, write_text


def test_failing_writer_leaves_the_old_contents_and_no_scrap(tmp_path: Path) -> None:
    path = tmp_path / "run" / "figures.json"
    write_json(path, {"right": 1})
    with pytest.raises(RuntimeError), replacing(path) as partial:
        partial.write_text("half of")
        raise RuntimeError
    assert path.read_text() == '{\n  "right": 1\n}\n'
    assert list(path.parent.iterdir()) == [path]


def test_interrupted_writer_leaves_no_scrap(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), replacing(folder / "model.keras") as partial:
        partial.write_bytes(b"half of")
        raise KeyboardInterrupt
    assert list(folder.iterdir()) == []


def test_partial_file_keeps_the_suffix_that_writers_choose_a_format_by(tmp_path: Path) -> None:
    with replacing(tmp_path / "model.keras") as partial:
        assert partial.suffix == ".keras"
        partial.write_bytes(b"whole")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError(28, "No space left")])
def test_failing_writer_of_a_folder_leaves_the_old_one_and_no_scrap(
    tmp_path: Path, error: BaseException
) -> None:
    folder = tmp_path / "network"
    for text in ("old", "newer"):
        with replacing_folder(folder, "sign") as partial:
            (partial / "sign").write_text(text)
    expected = OutputError if isinstance(error, OSError) else error
    with pytest.raises(expected), replacing_folder(folder, "sign") as partial:  # type: ignore[arg-type]
        (partial / "half").write_text("half of")
        raise error
    assert [path.name for path in tmp_path.rglob("*")] == ["network", "sign"]
    assert (folder / "sign").read_text() == "newer"


def test_scraps_of_a_killed_writer_of_a_folder_do_not_come_along(tmp_path: Path) -> None:
    scrap = tmp_path / f".network.{os.getpid()}.partial"
    scrap.mkdir()
    (scrap / "half").write_text("half of")
    (tmp_path / "network").mkdir()
    with replacing_folder(tmp_path / "network", "sign") as partial:
        (partial / "sign").write_text("whole")
    assert [path.name for path in tmp_path.rglob("*")] == ["network", "sign"]


def test_folder_of_ours_that_somebody_has_put_something_into_is_not_replaced(
    tmp_path: Path,
) -> None:
    for name in ("sign", "weights", "notes"):
        (tmp_path / "network").mkdir(exist_ok=True)
        (tmp_path / "network" / name).write_text("old")
    with (
        pytest.raises(OutputError, match="network is there already and holds something else"),
        replacing_folder(tmp_path / "network", "sign", "weights"),
    ):
        raise AssertionError("nothing may be begun")
    (tmp_path / "network" / "notes").unlink()
    with replacing_folder(tmp_path / "network", "sign", "weights") as partial:
        (partial / "sign").write_text("new")
    assert [path.name for path in tmp_path.rglob("*")] == ["network", "sign"]


def test_two_writers_of_a_folder_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with replacing_folder(tmp_path / "network", "sign") as first:
        monkeypatch.setattr(os, "getpid", lambda: 0)  # another process
        with replacing_folder(tmp_path / "network", "sign") as second:
            assert second != first
            (second / "sign").write_text("second")
        (first / "sign").write_text("first")
    assert [path.read_text() for path in (tmp_path / "network").iterdir()] == ["first"]


def test_link_to_a_file_stays_a_link_and_a_pipe_a_pipe(tmp_path: Path) -> None:
    real, link, pipe = (tmp_path / name for name in ("real.txt", "link.txt", "pipe.txt"))
    real.write_text("old")
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    os.mkfifo(pipe)
    for path in (pipe, Path(os.devnull)):
        with pytest.raises(OutputError, match="is a device or a pipe; expected the path of a file"):
            write_text(path, "lost")
    assert pipe.is_fifo()


def test_folder_of_somebody_elses_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "first.txt").write_text("dear")
    with (
        pytest.raises(OutputError, match="letters is there already and holds something else"),
        replacing_folder(tmp_path / "letters", "sign"),
    ):
        raise AssertionError("nothing may be begun")
    assert (tmp_path / "letters" / "first.txt").read_text() == "dear"


def test_folder_below_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for attempt in (
        lambda: make_folder(tmp_path / "file" / "run"),
        lambda: write_text(tmp_path / "file" / "run.txt", "text"),
    ):
        with pytest.raises(OutputError, match="can't be written") as caught:
            attempt()
        assert isinstance(caught.value, DigitsError)
        assert "\n" not in str(caught.value)


def test_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path()):
        with pytest.raises(OutputError, match="is a folder; expected the path of a file"):
            write_text(path, "text")


def test_full_disk_keeps_the_old_file_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("old")
    code = f"""
import resource, signal
from pathlib import Path
from keras_digits.errors import OutputError
from keras_digits.files import write_text
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_text(Path({str(path)!r}), "x" * 100_000)
except OutputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "kept.txt can't be written: File too large" in done.stdout
    assert path.read_text() == "old"
    assert not list(tmp_path.glob(".*partial*"))
