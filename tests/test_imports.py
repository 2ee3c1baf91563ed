"""The floors of the house: who may import whom, and what must never be imported."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import keras_digits

PACKAGE = Path(keras_digits.__file__).parent
FLOORS = (
    {"errors", "digits", "processor", "progress"},
    {"files", "quantisation", "declining"},
    {"reading"},
    {"serving"},
    {"data"},
    {"networks"},
    {"training"},
    {"calibrating"},
    {"export"},
    {"evaluation"},
    {"cli"},
)
HEAVY = {"keras", "tensorflow", "jax", "torch", "matplotlib", "sklearn"}
LIGHT_MODULES = (
    "evaluation/metrics.py",
    "evaluation/calibration.py",
    "evaluation/corruptions.py",
    "evaluation/robustness.py",
    "training/recipe.py",
)
LAZY = ("cli", "__init__")
"""Rooms that import inside functions."""


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def floor_of(room: str) -> int:
    return next(index for index, rooms in enumerate(FLOORS) if room in rooms)


def imported_names(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_what_stands_left_of_it(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    for name in imported_names(path):
        parts = name.split(".")
        if parts[0] == "keras_digits" and parts[1] not in {room, "__version__"}:
            assert floor_of(parts[1]) < floor_of(room), f"{path} imports {name}"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_shell_and_the_package_import_lazily(path: Path) -> None:
    if room_of(path) in LAZY:
        return
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef):
            lazy = [
                node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            assert not lazy, f"{path}:{function.name} imports lazily"


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_reading_and_light_modules_name_nothing_heavy(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    if room_of(path) not in {
        "errors",
        "digits",
        "files",
        "declining",
        "reading",
        "serving",
        "data",
    } and (place not in LIGHT_MODULES):
        return
    allowed = {"sklearn"} if room_of(path) in {"data", "evaluation"} else set()
    found = {name.split(".")[0] for name in imported_names(path)} & (HEAVY - allowed)
    assert not found, f"{place} imports {found}"


@pytest.mark.parametrize(
    "code",
    [
        "from keras_digits.cli import main; main(['--help'])",
        "from keras_digits.cli import main; assert main(['train', '--network', 'cnn']) == 2",
        "import keras_digits; keras_digits.Recipe()",
        "import keras_digits.reading.normalising, keras_digits.reading.picture",
        "from PIL import Image; Image.new('L', (50, 50)).save('a.png')\n"
        "from keras_digits.cli import main; assert main(['read', 'a.png', '--explain']) == 0",
    ],
    ids=["help", "refusal", "recipe", "reading", "read"],
)
def test_what_must_feel_instant_imports_nothing_heavy(code: str) -> None:
    check = f"{code}\nimport sys; sys.exit(', '.join({HEAVY!r} & sys.modules.keys()) or 0)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_public_names_can_all_be_imported() -> None:
    for name in keras_digits.__all__:
        assert getattr(keras_digits, name) is not None
    with pytest.raises(AttributeError):
        _ = keras_digits.nonsense
