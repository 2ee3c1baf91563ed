"""Every error that keras-digits raises on purpose.

::

    DigitsError
    ├── PictureError        a picture can't be decoded            (also ValueError)
    ├── DatasetError        a data file is missing or wrong       (also ValueError)
    │   └── DatasetMissingError   it is nowhere here and could not be fetched
    ├── ModelFileError      a network's file can't be used        (also ValueError)
    ├── RecipeError         a training setting isn't allowed      (also ValueError)
    ├── RunError            a run folder is missing, taken or incomplete
    ├── OutputError         a file can't be written               (also OSError)
    ├── ServingError        the server can't start as it is asked to
    └── MissingExtraError   an optional dependency is absent      (also ImportError)

A message is one line: what happened and to what, what was expected, what to do next. The shell
prints that line and exits with 2. Knows nothing of who raises what.
"""

_SERVING_MODULES = (
    "fastapi",
    "fastapi_offline",
    "prometheus_client",
    "pydantic",
    "python_multipart",
    "starlette",
    "uvicorn",
)
"""What only the server imports."""


class DigitsError(Exception):
    """The root: catch this to catch everything that keras-digits raises on purpose."""


class PictureError(DigitsError, ValueError):
    """A picture can't be decoded."""


class DatasetError(DigitsError, ValueError):
    """A data file is missing, unreadable or not what it should be."""


class DatasetMissingError(DatasetError):
    """A data set is nowhere on this machine and could not be fetched."""


class ModelFileError(DigitsError, ValueError):
    """A file that should hold a trained network can't be used."""


class RecipeError(DigitsError, ValueError):
    """A setting of a training recipe isn't allowed."""


class RunError(DigitsError):
    """A run folder is missing, already taken, or not what it should be."""


class OutputError(DigitsError, OSError):
    """A file or folder can't be written."""


class ServingError(DigitsError):
    """The server can't start as it is asked to."""


class MissingExtraError(DigitsError, ImportError):
    """A dependency of an optional part of keras-digits isn't installed."""

    @classmethod
    def from_import_error(cls, error: ModuleNotFoundError) -> "MissingExtraError":
        """Say which extra brings the module whose import failed."""
        extra = "serve" if (error.name or "").partition(".")[0] in _SERVING_MODULES else "train"
        return cls(
            f"This needs the package {error.name!r}, which is not installed. "
            f"Install it with: pip install 'keras-digits[{extra}]'"
        )
