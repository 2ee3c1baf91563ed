"""The API as OpenAPI describes it: what answers look like, what bodies may be, and examples."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from keras_digits.serving.options import JsonImages, JsonPictures, ReadOptions

_BOX = Field(
    min_length=4, max_length=4, description="x, y, width, height in pixels of the upright picture."
)
_ACCEPTED = Field(
    description="Whether it is believed enough for max_error; null where nothing can be promised."
)
_THRESHOLD = Field(
    None, description="The confidence needed to be accepted; where explain is true, else absent."
)


class ErrorAnswer(BaseModel):
    """Why a request was refused."""

    error: str = Field(description="What happened, what was expected, what to do.")


class DigitAnswer(BaseModel):
    """A digit."""

    digit: int = Field(ge=0, le=9)
    confidence: float = Field(ge=0, le=1)
    accepted: bool | None = _ACCEPTED
    box: list[int] = _BOX
    threshold: float | None = _THRESHOLD
    probabilities: list[float] | None = Field(
        None, description="The belief in each of the ten, where explain is true; else absent."
    )
    image: str | None = Field(
        None,
        description="What the network saw, where explain is true, else absent: a PNG in base64, "
        "28x28 grey, 0 paper, 255 ink.",
    )


class NumberAnswer(BaseModel):
    """Digits in a row."""

    text: str
    confidence: float = Field(ge=0, le=1)
    accepted: bool | None = _ACCEPTED
    box: list[int] = _BOX
    threshold: float | None = _THRESHOLD
    digits: list[DigitAnswer]


class PictureAnswer(BaseModel):
    """A picture's numbers, as ``digits read --json`` gives them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "file": "seven.png",
                    "numbers": [
                        {
                            "text": "7",
                            "confidence": 0.9991,
                            "accepted": True,
                            "box": [62, 40, 71, 122],
                            "digits": [
                                {
                                    "digit": 7,
                                    "confidence": 0.9991,
                                    "accepted": True,
                                    "box": [62, 40, 71, 122],
                                }
                            ],
                        }
                    ],
                    "error": None,
                }
            ]
        }
    )

    file: str = Field(description="The name that came with it, or -.")
    numbers: list[NumberAnswer] = Field(description="In reading order; none in a blank picture.")
    error: str | None = Field(description="Why it could not be read, or null.")


class ClassifyAnswer(BaseModel):
    """What images are."""

    digits: list[int] = Field(description="Each image's likeliest digit.")
    probabilities: list[list[float]] = Field(
        description="The belief in each of the ten, an image a row."
    )


_BINARY = {"schema": {"type": "string", "format": "binary"}}

_FORM = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "minItems": 1,
            "description": "A picture, or several.",
        },
        **ReadOptions.model_json_schema()["properties"],
    },
}

_ONE_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsFhlWAAAAABJRU5ErkJggg=="
)

_REFUSALS = {
    400: "What was sent can't be understood.",
    401: "The server wants a token.",
    405: "The path takes another method.",
    408: "The request came too slowly.",
    413: "Too many bytes, pictures or images.",
    415: "The body has a type that is not understood.",
    422: "The picture can't be read, or an option isn't allowed.",
    503: "No room, or nobody to read, now; Retry-After says when to come back.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Those of the refusals that a path may give, for its description."""
    return {status: {"model": ErrorAnswer, "description": _REFUSALS[status]} for status in statuses}


def reading() -> dict[str, Any]:
    """The body and options of a request to read."""
    properties = ReadOptions.model_json_schema()["properties"]
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": one.get("description", ""),
            "schema": {key: value for key, value in one.items() if key != "description"},
        }
        for name, one in properties.items()
    ]
    content = {
        "multipart/form-data": {"schema": _FORM},
        "application/json": {
            "schema": _as_sent(JsonPictures),
            "example": {"picture": _ONE_PIXEL, "layout": "digit"},
        },
        "image/png": _BINARY,
        "image/jpeg": _BINARY,
        "application/octet-stream": _BINARY,
    }
    return {"parameters": parameters, "requestBody": {"required": True, "content": content}}


def classifying() -> dict[str, Any]:
    """The body of a request to classify."""
    row = [0] * 28
    content = {
        "application/json": {"schema": _as_sent(JsonImages), "example": {"images": [row] * 28}},
        "application/x-npy": _BINARY,
    }
    return {"requestBody": {"required": True, "content": content}}


def _as_sent(kind: type[BaseModel]) -> dict[str, Any]:
    """A model's schema, in place."""
    return {"additionalProperties": False, **kind.model_json_schema()}
