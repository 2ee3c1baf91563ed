"""A browser for the page's tests, a visitor who draws with mouse or finger, and his eyes."""

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

import pen

CHROMIUM = Path("/usr/bin/chromium")

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}

_SPACE = 0.25
"""Between digits, as a share of their height."""



@contextmanager
def browsing(camera_shows: NDArray[np.uint8], folder: Path) -> Iterator[Browser]:
    """Start Chromium with a webcam that shows a picture, and end it.

    Args:
        camera_shows: uint8 ``(height, width)``, what the webcam sees all the time.
        folder: For what the browser needs on disk.
    """
    if not CHROMIUM.exists():
        message = f"needs a browser: there is no {CHROMIUM}; apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    film = folder / "camera.mjpeg"
    film.write_bytes(cv2.imencode(".jpg", camera_shows)[1].tobytes())
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream"]
    flags.append(f"--use-file-for-fake-video-capture={film}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


class Visit:
    """Somebody on the page.

    Args:
        page: A new page.
        url: The server's address.
        fingers: Whether to draw by touch instead of with the mouse.

    Attributes:
        errors: What the browser's console and the page's scripts complained of.
        hosts: Whom the page asked for anything.
    """

    def __init__(self, page: Page, url: str, *, fingers: bool = False) -> None:
        self.page, self._fingers = page, fingers
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda one: self._hear(one.type, one.text))
        page.on("pageerror", lambda one: self._hear("error", str(one)))
        page.on("request", lambda one: self.hosts.add("/".join(one.url.split("/")[:3])))
        page.goto(url)
        expect(self["#max-error"]).to_be_enabled()

    def __getitem__(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.errors.append(text)

    def write(self, text: str, *, lean: float = 0, left: float | None = None) -> None:
        """Write digits on the paper, in its middle or from a place on."""
        box = self["#canvas"].bounding_box()
        assert box is not None
        widths = [_width(character) + _SPACE for character in text]
        height = min(0.6 * box["height"], 0.9 * box["width"] / sum(widths))
        x = box["x"] + (left or (box["width"] - sum(widths) * height) / 2)
        y = box["y"] + (box["height"] - height) / 2
        for character, width in zip(text, widths, strict=True):
            for stroke in pen.STROKES[character]:
                points = [(x + (a + lean * (1 - b)) * height, y + b * height) for a, b in stroke]
                self.stroke(points)
            x += width * height

    def stroke(self, points: Sequence[tuple[float, float]]) -> None:
        """Draw one stroke through points of the window."""
        if self._fingers:
            self._stroke_by_touch(points)
            return
        mouse = self.page.mouse
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point, steps=2)
        mouse.up()

    def _stroke_by_touch(self, points: Sequence[tuple[float, float]]) -> None:
        session = self.page.context.new_cdp_session(self.page)
        kinds = ["touchStart", *["touchMove"] * (len(points) - 1)]
        for kind, (x, y) in zip(kinds, points, strict=True):
            touches = [{"x": x, "y": y}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        session.detach()

    def clear(self) -> None:
        self.page.keyboard.press("Escape")
        expect(self["#invitation"]).to_be_visible()

    def expect_answer(self, *numbers: str) -> None:
        """Wait until the page says these numbers, from top to bottom."""
        expect(self["#numbers li .digits"]).to_have_text(numbers)

    def choose_digit(self, place: int) -> None:
        """Press the button of a digit, counted from 0."""
        self["#numbers button"].nth(place).click()

    def keep_as(self, label: int) -> None:
        """Say what the digit that is looked at was."""
        self[f"#labels button >> nth={label}"].click()
        expect(self[f"#labels button >> nth={label}"]).to_have_attribute("aria-pressed", "true")

    def choose_file(self, name: str, contents: bytes, media_type: str) -> None:
        """Choose a file as the picker would."""
        file = {"name": name, "mimeType": media_type, "buffer": contents}
        self["#file"].set_input_files(file)  # type: ignore[arg-type]


def picture_bytes(text: str, form: str) -> bytes:
    """A picture of digits as a file of a form that Pillow knows."""
    file = io.BytesIO()
    Image.fromarray(pen.write(text)).save(file, form)
    return file.getvalue()


def _width(character: str) -> float:
    return max(x for stroke in pen.STROKES[character] for x, _ in stroke)
