"""What documents tell people to type works, and generated pages are up to date."""

import importlib.util
import json
import re
import shlex
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from keras_digits.cli import main
from keras_digits.data.datasets import Dataset

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", "docs/tutorial.md", "docs/how-to.md", "docs/serving.md")


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def files_of_ones_own(optdigits: Dataset) -> None:
    """The files that the documents' reader is taken to have."""
    shutil.copytree(ROOT / "docs" / "pictures", "docs/pictures")
    for name, part, labelled in (("train", optdigits.train, True), ("test", optdigits.test, False)):
        columns = [part.known_labels()[:, None]] if labelled else []
        table = np.hstack([*columns, part.images.reshape(len(part), -1)])
        header = (["label"] if labelled else []) + [f"pixel{index}" for index in range(784)]
        np.savetxt(f"{name}.csv", table, "%d", ",", header=",".join(header), comments="")
    for index in range(30):
        folder = Path("my-digits") / str(optdigits.test.known_labels()[index])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - optdigits.test.images[index]).save(folder / f"{index}.png")


LONG_PAGES = ("docs/tutorial.md", "docs/how-to.md")
"""They train several networks."""


@pytest.mark.usefixtures("files_of_ones_own")
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page in LONG_PAGES)) for page in PAGES]
)
def test_what_a_page_tells_to_type_works_from_top_to_bottom(
    page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    text = (ROOT / page).read_text("utf-8")
    for language, block in re.findall(
        r"^```(sh|python)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    ):
        if language == "python":
            exec(compile(block, page, "exec"), {})
            continue
        for line in block.splitlines():
            program, *words = shlex.split(line)
            if program == "make":
                assert words[0] in targets
            elif program == "digits":
                assert main(words) == 0, capsys.readouterr().err
            else:
                assert re.fullmatch(r"pip install '\.\[(train|serve)]' -c constraints.txt", line)


def test_pictures_of_the_how_to_are_what_the_pen_draws() -> None:
    script = load_script(ROOT / "docs" / "write_pictures.py")
    folder = ROOT / "docs" / "pictures"
    for name, draw in (("seven.png", script.drawing), ("amount.png", script.amount)):
        assert (np.asarray(Image.open(folder / name)) == draw()).all()
    assert main(["read", str(folder / "note.jpg")]) == 0


def test_links_lead_somewhere() -> None:
    for page in (*PAGES, "docs/results.md", "docs/benchmarks.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text("utf-8")):
            assert (ROOT / page).parent.joinpath(link).exists(), f"{page}: {link}"


def test_page_of_flags_is_what_the_commands_say() -> None:
    script = load_script(ROOT / "docs" / "write_cli.py")
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == script.cli_page()


def test_page_of_results_is_what_the_benchmarks_found() -> None:
    script = load_script(ROOT / "docs" / "write_results.py")
    assert (ROOT / "docs" / "results.md").read_text("utf-8") == script.results_page()


def test_page_of_benchmarks_is_what_they_found() -> None:
    script = load_script(ROOT / "docs" / "write_benchmarks.py")
    assert (ROOT / "docs" / "benchmarks.md").read_text("utf-8") == script.benchmarks_page()


def test_readmes_figures_stand_in_the_benchmarks_results() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    found = json.loads((ROOT / "benchmarks" / "results" / "pictures.json").read_text())["sets"]
    for name in ("drawn", "photo", "pen", "historic", "cheque"):
        peers = found[name]["peers"]
        shares = [f"{100 * peers[peer]['value']:.1f} %" for peer in ("rapidocr", "ours")]
        assert f"| {' | '.join(shares)} |" in text
    for name in ("tutorial-tensorflow", "convnet"):
        result = json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())
        spread = result["official"]
        figure = f"{100 * spread['mean']:.2f} ± {100 * spread['standard_deviation']:.2f} %"
        assert figure in text
