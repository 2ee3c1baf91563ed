"""The command that writes a run's network for elsewhere."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from keras_digits.cli.training import progress_bar, say_what_is_measured, start_keras

if TYPE_CHECKING:
    from keras_digits.data.datasets import Dataset
    from keras_digits.progress import ReportProgress
    from keras_digits.training.run import Run

FileFormat: TypeAlias = Literal["onnx", "saved_model", "litert"]
"""What a network can be written as."""

Arithmetic: TypeAlias = Literal["float32", "int8"]
"""What digits.onnx can compute in."""


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    file_format: Annotated[
        FileFormat,
        typer.Option(
            "--format",
            help="For ONNX Runtime and digits read, for TensorFlow, or for LiteRT on small "
            "machines.",
        ),
    ] = "onnx",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The file, NAME.onnx or NAME.tflite, or the folder of a saved_model; by default "
            "RUN/digits.onnx, RUN/digits.tflite, RUN/saved_model.",
        ),
    ] = None,
    arithmetic: Annotated[
        Arithmetic | None,
        typer.Option(
            help="What digits.onnx computes in: int8, integers of eight bits, makes it smaller and "
            "faster if at most two answers in a thousand change; by default as the network ships."
        ),
    ] = None,
) -> None:
    """Write a run's network for use elsewhere, once it answers there as in Keras.

    It takes images as they are, uint8 (n, 28, 28), of lines (n, 28, width), and goes with what a
    reader must know and with its model card.
    """
    from keras_digits.training.run import open_run

    if arithmetic and file_format != "onnx":
        raise typer.TyperException(
            f"--arithmetic is for onnx; expected none beside --format {file_format}, which is in "
            "float32. Leave one of them away."
        )
    opened = open_run(run)
    start_keras()
    from keras_digits.training.fit import run_dataset

    if file_format == "onnx":
        say_what_is_measured(opened)
    dataset = run_dataset(opened)
    with progress_bar() as report_progress:
        path = _exporter(file_format, arithmetic, report_progress)(opened, dataset, out)
    print(f"Agrees with Keras on test digits: {path}")
    told = _arithmetic_of_figures(opened)
    if path == opened.onnx_path and told not in (None, _arithmetic(path)):
        print(f"The run's figures are in {told}; for the file's: digits evaluate {run}")


def _arithmetic_of_figures(run: "Run") -> str | None:
    """What the network computed in when it was evaluated; None where it wasn't yet."""
    if not (run.folder / "metrics.json").is_file():
        return None
    return str(run.metrics().get("arithmetic", "float32"))


def _arithmetic(path: Path) -> str:
    """What a file computes in."""
    from keras_digits.reading.network import Network

    return Network(path).metadata["keras_digits.arithmetic"]


def _exporter(
    file_format: FileFormat,
    arithmetic: Arithmetic | None,
    report_progress: "ReportProgress | None",
) -> "Callable[[Run, Dataset, Path | None], Path]":
    """What writes a format; only the one that is asked for is imported."""
    if file_format == "saved_model":
        from keras_digits.export.saved_model import export_saved_model

        return export_saved_model
    if file_format == "litert":
        from keras_digits.export.litert import export_litert

        return export_litert
    from keras_digits.export import export_run

    return partial(export_run, arithmetic=arithmetic, report_progress=report_progress)
