"""What decides how the server runs: one frozen dataclass, checked when made.

Imports nothing that takes time, because the shell's flags have their defaults from here.
"""

from dataclasses import dataclass

from keras_digits.errors import ServingError
from keras_digits.reading.limits import MAX_PIXELS

MILLION = 1_000_000

MOST_PROCESSES = 256
"""Each holds a network and, at times, a large picture."""

MOST_BYTES = 500 * MILLION
"""The largest request that can be allowed."""


@dataclass(frozen=True)
class Settings:
    """How the server runs.

    Attributes:
        network: As for :class:`keras_digits.reading.reader.Reader`.
        host: The address that it listens at; 127.0.0.1 is this machine alone.
        port: 1 to 65535, or 0 for any that is free.
        token: What a client must send as ``Authorization: Bearer TOKEN``, or None for nothing.
        allowed_origins: Other sites whose pages may ask, such as ``https://example.org``.
        num_processes: Processes that read, at least 1.
        max_bytes: The largest request.
        max_pixels: The largest picture.
        max_pictures: Pictures in one request.
        max_images: Images in one request to classify.
        max_wait_seconds: For how long a picture may have to wait, for its turn and for what else
            the server has to do; where it would be longer, the client is told at once to come back,
            but eight pictures a process may wait unless the server itself is held up.
        timeout_seconds: How long a client may take to send a small request (a large one is given
            more, by its size), and a picture to be read; small ones that are read together must be
            read by then, or are read one by one.

    Raises:
        ServingError: A value isn't allowed.
    """

    network: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    allowed_origins: tuple[str, ...] = ()
    num_processes: int = 1
    max_bytes: int = 20 * MILLION
    max_pixels: int = 25 * MILLION
    max_pictures: int = 16
    max_images: int = 20_000
    max_wait_seconds: float = 0.1
    timeout_seconds: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what can't be."""
        for name, highest in (
            ("num_processes", MOST_PROCESSES),
            ("max_bytes", MOST_BYTES),
            ("max_pixels", MAX_PIXELS),
            ("max_pictures", 1000),
        ):
            value = getattr(self, name)
            if not 1 <= value <= highest:
                raise ServingError(f"{name} is {value}; expected a number from 1 to {highest}.")
        if not 0 <= self.port <= 65535:
            raise ServingError(f"port is {self.port}; expected a number from 0 to 65535.")
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise ServingError("the token has characters that a header can't carry; use letters.")
        if self.token is not None and self.token != self.token.strip():
            raise ServingError("the token begins or ends with a space; leave that out.")
        if self.token is not None and not self.token.strip():
            raise ServingError("the token is empty; give one, or leave it out.")
        for origin in self.allowed_origins:
            scheme, separator, host = origin.partition("://")
            is_host = host.isascii() and host.isprintable() and not set("/ ") & set(host)
            if scheme not in ("http", "https") or not separator or not host or not is_host:
                raise ServingError(
                    f"{origin!r} is no origin; expected one such as https://example.org."
                )

    @property
    def max_bytes_at_once(self) -> int:
        """What all requests together may hold in memory: at least two of the largest fit."""
        return max(200 * MILLION, 10 * self.max_bytes)
