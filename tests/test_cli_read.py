"""``digits read``: what it prints in which form, which pictures it means, where copies go."""

import csv
import io
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, get_args

import pytest
from PIL import Image, ImageDraw, ImageFont

from keras_digits.cli import main
from keras_digits.cli.reading import Layout
from keras_digits.cli.sources import Source, copy_paths
from keras_digits.digits import Reading
from keras_digits.reading.reader import LAYOUTS, Reader

READ = [sys.executable, "-m", "keras_digits.cli", "read"]


def draw(path: str | Path, *lines: str) -> str:
    """A picture with numbers written on it, and its path."""
    picture = Image.new(
        "RGB", (60 + 50 * max(map(len, (*lines, ""))), 60 + 130 * len(lines)), "white"
    )
    for row, line in enumerate(lines):
        where, font = (30, 30 + 130 * row), ImageFont.load_default(80)
        ImageDraw.Draw(picture).text(where, line, "#202060", font)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return str(path)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture
def pictures(reader: Reader) -> dict[str, str]:
    """Paths in the working folder, and what the library reads there."""
    for path, lines in {"a.png": ["47"], "b.png": ["3", "25"], "blank.png": []}.items():
        draw(path, *lines)
    texts = {path: reader.read(path).text for path in ("a.png", "b.png", "blank.png")}
    assert texts["a.png"]
    assert "\n" in texts["b.png"]
    assert not texts["blank.png"]
    return texts


def run(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    """Run ``digits read``; stdout and stderr."""
    assert main(["read", *words]) == code
    printed = capsys.readouterr()
    return printed.out, printed.err


def names(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The pictures that words mean."""
    out, _ = run(capsys, *words, "--json")
    return [json.loads(line)["file"] for line in out.splitlines()]


def test_layouts_are_the_readers() -> None:
    assert get_args(Layout) == LAYOUTS


def test_numbers_of_one_picture_stand_alone(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str]
) -> None:
    assert run(capsys, "b.png") == (pictures["b.png"] + "\n", "")


def test_one_picture_without_digits_prints_nothing_that_a_script_could_take_for_one(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str]
) -> None:
    hints = "If it shows a single one, try --layout digit. --explain draws what is seen."
    assert run(capsys, "blank.png") == ("", f"digits: no digits in blank.png. {hints}\n")


def test_several_pictures_are_named(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str]
) -> None:
    out, err = run(capsys, "b.png", "blank.png", "a.png")
    numbers = pictures["b.png"].replace("\n", " ")
    assert out == f"b.png: {numbers}\nblank.png: no digits\na.png: {pictures['a.png']}\n"
    assert err == ""


def test_bad_files_get_a_line_each_and_the_rest_is_read(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str]
) -> None:
    Path("text.png").write_text("no picture")
    Path("empty.png").touch()
    words = ("text.png", "a.png", "empty.png", "absent.png", "no*.png", "blank.png")
    out, err = run(capsys, *words, code=2)
    assert out == f"a.png: {pictures['a.png']}\nblank.png: no digits\n"
    assert [line.split()[1] for line in err.splitlines()] == [
        "text.png",
        "empty.png",
        "absent.png",
        "no*.png",
    ]
    assert all(line.startswith("digits: ") for line in err.splitlines())


def test_json_is_one_object_a_picture(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str], reader: Reader
) -> None:
    Path("text.png").write_text("no picture")
    out, err = run(capsys, "b.png", "text.png", "blank.png", "--json", code=2)
    good, bad, blank = map(json.loads, out.splitlines())
    assert good == {"file": "b.png", **reader.read("b.png").to_dict(), "error": None}
    assert good["numbers"][0].keys() == {"text", "confidence", "accepted", "box", "digits"}
    assert good["numbers"][0]["digits"][0].keys() == {"digit", "confidence", "accepted", "box"}
    assert blank == {"file": "blank.png", "numbers": [], "error": None}
    assert bad.keys() == good.keys()
    assert bad["numbers"] == []
    assert err == f"digits: {bad['error']}\n"


def test_csv_has_a_row_a_number_and_one_where_there_is_none(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str], reader: Reader
) -> None:
    name = draw('a, "b"\nc.png', "8")
    Path("text.png").write_text("no picture")
    out, err = run(capsys, "b.png", "blank.png", "text.png", name, "--csv", code=2)
    rows = list(csv.DictReader(io.StringIO(out)))
    numbers = reader.read("b.png").numbers
    assert [row["text"] for row in rows[: len(numbers)]] == pictures["b.png"].split("\n")
    for index, (row, number) in enumerate(zip(rows, numbers, strict=False), start=1):
        assert row["number"] == str(index)
        assert tuple(int(row[side]) for side in ("x", "y", "width", "height")) == number.box
        assert float(row["confidence"]) == pytest.approx(number.confidence, abs=1e-4)
        assert row["accepted"] == {True: "yes", False: "no", None: ""}[number.accepted]
    blank, bad, quoted = rows[len(numbers) :]
    assert {value for key, value in blank.items() if key != "file"} == {""}
    assert f"digits: {bad['error']}\n" == err
    assert quoted["file"] == name


def test_json_and_csv_together_are_refused_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, err = run(capsys, "a.png", "--json", "--csv", code=2)
    assert (out, err) == ("", "digits: Give --json or --csv, not both; see digits read --help.\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Missing argument 'PATH'"),
        (["a.png", "--layout", "line"], "'line' is not one of 'auto', 'digit', 'number', 'page'"),
        (["a.png", "--network", "absent.onnx"], "absent.onnx does not exist"),
        (["a.png", "--network", "a.png"], "a.png is no network"),
        (
            ["a.png", "--network", "nobody"],
            "no network called 'nobody' ships; expected one of digits",
        ),
        (["a.png", "--annotate", "a.png"], "a.png is a file; expected"),
        (["x" * 5000], "File name too long"),
    ],
)
def test_what_can_not_work_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str],
    pictures: dict[str, str],
    words: list[str],
    message: str,
) -> None:
    out, err = run(capsys, *words, code=2)
    assert message in err
    assert err.count("\n") == 1
    assert out == ""


def test_layout_reaches_the_reader(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str], reader: Reader
) -> None:
    out, _ = run(capsys, "a.png", "--layout", "digit")
    assert out == reader.read("a.png", layout="digit").text + "\n"
    assert len(out) == 2


def test_folder_means_all_pictures_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("f/b.PNG", "f/a.jpg", "f/sub/c.gif", "f/.hidden.png", "f/.git/d.png"):
        draw(path, "5")
    Path("f/notes.txt").write_text("no picture")
    draw("f/a-annotated.png", "6")
    assert names(capsys, "f") == ["f/a.jpg", "f/b.PNG", "f/sub/c.gif"]


def test_pipe_in_a_folder_holds_nobody_up(capsys: pytest.CaptureFixture[str]) -> None:
    draw("f/a.png", "7")
    os.mkfifo("f/b.png")
    Path("f/c.png").symlink_to("nowhere")
    out, err = run(capsys, "f", code=2)
    assert out.startswith("f/a.png: ")
    assert "c.png" in err
    assert "b.png" not in out + err


def test_telephone_pictures_in_a_folder_are_not_passed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("f").mkdir()
    Path("f/IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    _, err = run(capsys, "f", code=2)
    assert "f/IMG_1.HEIC" in err


def test_folder_without_pictures_is_one_error_among_others(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str]
) -> None:
    Path("none").mkdir()
    Path("none/notes.txt").write_text("no picture")
    out, err = run(capsys, "none", "a.png", code=2)
    assert out == f"a.png: {pictures['a.png']}\n"
    assert err.startswith("digits: none holds no pictures; expected PNG")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("pictures")
def test_folder_of_annotated_copies_says_that_these_are_passed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(capsys, "a.png", "--annotate", "copies")
    _, err = run(capsys, "copies", code=2)
    assert err.startswith("digits: copies holds none but annotated copies, which are passed over;")


def test_folder_with_one_picture_is_printed_like_any_folder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    draw("f/a.png", "7")
    assert run(capsys, "f")[0].startswith("f/a.png: ")


def test_patterns_that_the_shell_left_alone_are_expanded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for path in ("f/b.png", "f/a.png", "f/c.jpg", "f/sub/d.png", "[1].png"):
        draw(path, "7")
    assert names(capsys, "f/*.png") == ["f/a.png", "f/b.png"]
    assert names(capsys, "f/**/*.png") == ["f/a.png", "f/b.png", "f/sub/d.png"]
    assert sorted(names(capsys, "f/**")) == ["f/a.png", "f/b.png", "f/c.jpg", "f/sub/d.png"]
    assert names(capsys, "[1].png") == ["[1].png"]


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that stdin comes from."""
    path = Path("stdin")
    path.touch()
    with path.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield path


def test_picture_on_stdin_is_read(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str], stdin: Path
) -> None:
    stdin.write_bytes(Path("a.png").read_bytes())
    assert run(capsys, "-", "--annotate", "copies")[0] == pictures["a.png"] + "\n"
    assert [path.name for path in Path("copies").iterdir()] == ["stdin-annotated.png"]


@pytest.mark.parametrize("kind", ["tiff", "gif"])
def test_pages_that_are_not_read_are_told_of(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str], stdin: Path, kind: str
) -> None:
    first, *others = (Image.open(path).resize((300, 200)) for path in pictures)
    first.save(f"paged.{kind}", save_all=True, append_images=others)
    first.save(f"single.{kind}")
    stdin.write_bytes(Path(f"paged.{kind}").read_bytes())
    for word in (f"paged.{kind}", "-"):
        out, err = run(capsys, word, "--json")
        assert len(out.splitlines()) == 1
        assert err == f"digits: only the first of 3 pages or frames of {word} is read.\n"
    assert run(capsys, f"single.{kind}", "--json")[1] == ""


def test_empty_name_and_a_file_in_a_folder_s_place_are_one_line_each(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str]
) -> None:
    _, err = run(capsys, "", code=2)
    assert err == "digits: a name is empty; expected a picture, a folder or a pattern.\n"
    Path("taken").touch()
    _, err = run(capsys, "a.png", "--annotate", "taken", code=2)
    assert err == "digits: taken is a file; expected the path of a folder.\n"


def test_nothing_on_stdin_is_one_error(capsys: pytest.CaptureFixture[str], stdin: Path) -> None:
    out, err = run(capsys, "-", "--json", code=2)
    answer = json.loads(out)
    assert answer["file"] == "-"
    assert err == f"digits: {answer['error']}\n"
    assert err.startswith("digits: stdin: ")


def test_keyboard_is_no_picture(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard, other_end = os.openpty()
    with os.fdopen(keyboard) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        _, err = run(capsys, "-", code=2)
    os.close(other_end)
    assert err == "digits: stdin has no picture; expected one: digits read - < picture.png\n"


def test_file_name_that_is_no_text_comes_out_as_it_went_in(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    draw("a.png", "7")
    Path("a.png").rename(os.fsdecode(b"\xff.png"))
    assert main(["read", os.fsdecode(b"\xff.png"), "."]) == 0
    first, second = capfdbinary.readouterr().out.splitlines()
    assert first == second
    assert first.startswith(b"\xff.png: ")


def test_copies_show_the_picture_and_explanations_more(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str]
) -> None:
    before = Path("b.png").read_bytes()
    out, err = run(capsys, "b.png", "--annotate", "copies/here")
    assert out == pictures["b.png"] + "\n"
    assert err == "Annotated copies: copies/here\n"
    assert run(capsys, "b.png", "--explain")[1] == "Annotated copies: explained\n"
    assert Path("b.png").read_bytes() == before
    with (
        Image.open("copies/here/b-annotated.png") as copy,
        Image.open("explained/b-annotated.png") as explained,
    ):
        assert copy.format == explained.format == "PNG"
        assert explained.width * explained.height > 1.2 * copy.width * copy.height
        for drawing in (copy, explained):
            colours = {colour for _, colour in drawing.convert("RGB").getcolors(1 << 24) or []}
            assert (0x20, 0x20, 0x60) in colours


def test_copies_of_pictures_of_the_same_name_all_stay(capsys: pytest.CaptureFixture[str]) -> None:
    given = [draw(path, "7") for path in ("x/a.png", "x/a.jpg", "y/a.png", "y/A.PNG")]
    run(capsys, *given, "--annotate", "copies")
    assert sorted(path.name for path in Path("copies").iterdir()) == [
        "A-annotated-4.png",
        "a-annotated-2.png",
        "a-annotated-3.png",
        "a-annotated.png",
    ]


def test_name_that_is_too_long_for_a_copy_stops_no_other(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str]
) -> None:
    long = draw("x" * 240 + ".png", "7")
    out, err = run(capsys, long, "a.png", "--annotate", "copies", code=2)
    assert f"a.png: {pictures['a.png']}" in out
    assert "File name too long" in err
    assert err.count("\n") == 2  # and where the copies are


def test_network_whose_name_is_too_long_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = run(capsys, "a.png", "--network", "x" * 300 + ".onnx", code=2)
    assert "File name too long" in err
    assert err.count("\n") == 1


def test_thousands_of_pictures_of_one_name_get_places_at_once() -> None:
    sources = [Source(f"{index}/page.png", b"", PurePath("page")) for index in range(3000)]
    started = time.perf_counter()
    assert len(set(copy_paths(sources, Path("copies")))) == len(sources)
    assert time.perf_counter() - started < 2


def test_names_that_the_output_cannot_say_are_escaped(pictures: dict[str, str]) -> None:
    Path("a.png").rename("\u6570.png")
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(
        [*READ, "b.png", "\u6570.png", "b.png"], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.decode("cp1252").splitlines()
    assert first == third
    assert second == f"\\u6570.png: {pictures['a.png']}"


def test_closed_streams_are_no_reason_to_fail(pictures: dict[str, str]) -> None:
    def shell(words: str) -> "subprocess.CompletedProcess[str]":
        command = " ".join([*map(shlex.quote, READ), words])
        return subprocess.run(
            ["/bin/sh", "-c", command], capture_output=True, text=True, check=False
        )

    done = shell("a.png nowhere.png --json 2>&-")
    assert done.returncode == 2
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == [
        "a.png",
        "nowhere.png",
    ]
    done = shell("a.png >&-")
    assert (done.returncode, done.stderr) == (0, "")


def test_copies_of_a_folder_lie_as_its_pictures_do(capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("f/a.png", "f/sub/a.png"):
        draw(path, "7")
    for _ in range(2):  # the second time over the first's copies, not beside them
        run(capsys, "f", "--annotate", "f")
        files = {path.relative_to("f").as_posix() for path in Path("f").rglob("*.*")}
        assert files == {"a.png", "a-annotated.png", "sub/a.png", "sub/a-annotated.png"}


def test_copy_never_overwrites_a_picture_that_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    given = [draw("a.png", "7"), draw("a-annotated.png", "8")]
    before = [Path(path).read_bytes() for path in given]
    run(capsys, *given, "--annotate", ".")
    assert [Path(path).read_bytes() for path in given] == before
    assert Path("a-annotated-2.png").is_file()


def test_copy_that_can_not_be_written_leaves_its_reading(
    capsys: pytest.CaptureFixture[str], pictures: dict[str, str]
) -> None:
    Path("copies/a-annotated.png").mkdir(parents=True)
    out, err = run(capsys, "a.png", "b.png", "--json", "--annotate", "copies", code=2)
    first, second = map(json.loads, out.splitlines())
    assert first["numbers"][0]["text"] == pictures["a.png"]
    assert err.startswith(f"digits: {first['error']}\n")
    assert second["error"] is None
    assert Path("copies/b-annotated.png").is_file()


def test_progress_is_shown_only_while_nothing_else_moves_on_screen(
    capsys: pytest.CaptureFixture[str],
    pictures: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    out, err = run(capsys, "a.png", "blank.png")
    assert out == f"a.png: {pictures['a.png']}\nblank.png: no digits\n"
    assert "2/2" in err
    assert run(capsys, "a.png")[1] == ""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run(capsys, "a.png", "blank.png")[1] == ""


def test_pictures_are_taken_up_as_they_are_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = []

    def read_many(self: Reader, pictures: Iterator[Any], layout: str) -> Iterator[Any]:
        for _ in pictures:
            printed.append(capsys.readouterr().out)
            yield Reading(())

    monkeypatch.setattr(Reader, "read_many", read_many)
    run(capsys, "a.png", "b.png", "c.png")
    assert [len(text.splitlines()) for text in printed] == [0, 1, 1]


def test_ctrl_c_stops_reading(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Reader, "read_many", interrupt)
    draw("a.png", "7")
    assert run(capsys, "a.png", code=130) == ("", "Stopped.\n")


def test_output_that_nobody_takes_ends_quietly() -> None:
    draw("a.png", "7")
    with subprocess.Popen(
        [*READ, *["a.png"] * 4000], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"a.png: ")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_full_disk_is_one_error() -> None:
    draw("a.png", "7")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*READ, "a.png"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("digits: stdout can't be written: No space left on device.")
    assert done.stderr.count("\n") == 1


def test_reading_tells_nobody_and_leaves_nothing_in_the_users_folders(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    places = {name: str(home / name) for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR")}
    environment = {**os.environ, **places, "HOME": str(home)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)  # ONNX Runtime keeps a number of the machine's
    done = subprocess.run(
        [*READ, draw(tmp_path / "a.png", "7")], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "7\n", "")
    assert list(home.rglob("*")) == []
