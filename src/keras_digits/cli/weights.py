"""The command that shows which networks ship."""

import json
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from keras_digits.cli.answers import emit, emit_table

if TYPE_CHECKING:
    from keras_digits.reading.catalogue import ShippedNetwork


NetworkName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The network: one that digits weights lists, or a file such as "
        "runs/mine/digits.onnx; by default the first of those.",
    ),
]
"""The flag of commands that read."""


def weights(
    to_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a network, one a line.")
    ] = False,
) -> None:
    """Show the networks that ship, for digits read --network, and how they read MNIST.

    For pictures that people took take digits; compact is for images such as MNIST's, where there is
    room for little.
    """
    from keras_digits.reading.catalogue import shipped_networks

    shipped = list(shipped_networks().values())
    if to_json:
        for one in shipped:
            emit(json.dumps(_facts(one)))
        return
    _print_table([_facts(one) for one in shipped])


def _facts(shipped: "ShippedNetwork") -> dict[str, Any]:
    """All that is known of a network."""
    return {"name": shipped.name, "bytes": shipped.num_bytes, **shipped.figures()}


def _print_table(rows: list[dict[str, Any]]) -> None:
    """A line a network."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("name", "network"):
        table.add_column(name)
    for name in ("weights", "size", "arithmetic", "tested on", "accuracy", "reviewed labels"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        reviewed = row["accuracy_reviewed"]
        table.add_row(
            row["name"],
            row["network"],
            f"{row['num_weights']:,}",
            f"{row['bytes'] / 1e6:.2f} MB",
            row["arithmetic"],
            row["test_set"],
            f"{row['accuracy']['value']:.2%}",
            f"{reviewed['value']:.2%}" if reviewed else "",
        )
    emit_table(table)
