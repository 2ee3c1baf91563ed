"""What a client may ask for, by name and type; and one line where it asks for something else."""

import reprlib
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class RequestError(Exception):
    """A request that can't be answered as it is.

    Attributes:
        status: The HTTP status, 4xx.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ReadOptions(BaseModel):
    """How pictures are to be read."""

    model_config = ConfigDict(extra="forbid")

    layout: Literal["auto", "digit", "number", "page"] = Field(
        "auto", description="What a picture holds: one digit, one line, or lines of numbers."
    )
    max_error: float | None = Field(
        None,
        gt=0,
        lt=1,
        allow_inf_nan=False,
        description="Accept answers so that at most this share of them is wrong; by default 0.05.",
        examples=[0.01],
    )
    explain: bool = Field(
        False,
        description="Give the confidence that was wanted, each digit's ten probabilities and what "
        "the network saw.",
    )


class JsonPictures(ReadOptions):
    """One picture or several in base64, and how they are to be read."""

    picture: str | None = Field(None, description="A file in base64.")
    pictures: list[str] | None = Field(None, description="Several files in base64.")


class JsonImages(BaseModel):
    """Images to classify."""

    model_config = ConfigDict(extra="forbid")

    images: list[Any] = Field(
        description="One image, 28 rows of 28 whole numbers, 0 paper, 255 ink; or several."
    )


_Model = TypeVar("_Model", bound=BaseModel)


def validated(kind: type[_Model], values: dict[str, Any], is_strict: bool = False) -> _Model:
    """Values as what they should be.

    Args:
        kind: What they should be.
        values: By name.
        is_strict: Whether text is no number, as in JSON, where one can tell.

    Raises:
        RequestError: They are something else.
    """
    try:
        return kind.model_validate(values, strict=is_strict)
    except ValidationError as error:
        raise RequestError(422, _in_one_line(error, kind)) from error


def _in_one_line(error: ValidationError, kind: type[BaseModel]) -> str:
    """What was wrong first, and what was expected."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])[:60]
    if first["type"] == "extra_forbidden":
        return f"{name!r} is unknown; expected {', '.join(kind.model_fields)}."
    if first["type"] == "missing":
        return f"{name} is missing; expected {', '.join(kind.model_fields)}."
    expected = first["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return f"{name} is {_shortened(first['input'])}; expected {expected}."


def _shortened(value: Any) -> str:
    """A value as it can stand in a line."""
    return reprlib.repr(value)  # never the whole of it
