"""The page in a browser: writing, showing pictures, answers, corrections, troubles, and access."""

import base64
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import DESKTOP, PHONE, Visit, browsing, picture_bytes, visiting
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from keras_digits.data.formats import read_parts
from keras_digits.reading.reader import Reader
from pen import write
from servers import Server, serving

NOTE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "note.jpg"
ON_NOTE = ("4075", "1926", "38")

NOT_QUITE_A_4 = [
    [(300, 80), (290, 170)],
    [(290, 170), (345, 180)],
    [(345, 180), (400, 170)],
    [(395, 80), (390, 300)],
    [(300, 80), (360, 82)],
]
"""Strokes on the desktop's paper that may be a 4 or a 9."""

MAKE_FILE = """(base64) => {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "note.jpg", { type: "image/jpeg" }));
  return transfer;
}"""
"""What somebody drags in, as the browser would hand it over."""

COPY = """async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  const blob = new Blob([bytes], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
}"""
"""Puts a picture on the clipboard."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all; its webcam looks at a paper with 38 on it."""
    shown = np.full((480, 640), 245, np.uint8)
    paper = write("38", height=200, thickness=16)
    shown[80 : 80 + paper.shape[0], 120 : 120 + paper.shape[1]] = paper
    with browsing(shown, tmp_path_factory.mktemp("browser")) as one:
        yield one


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """Somebody at a desk."""
    with visiting(browser, server.url, **DESKTOP) as one:
        yield one


@pytest.fixture(scope="module")
def phone(browser: Browser, server: Server) -> Iterator[Visit]:
    """Somebody who wrote 407 on a phone with a finger, and kept the 4."""
    with visiting(browser, server.url, **PHONE) as one:
        one.write("407")
        one.expect_answer("407")
        one.choose_digit(0)
        one.keep_as(4)
        yield one


# Writing


def test_each_of_the_ten_digits_can_be_drawn_and_is_read(visit: Visit) -> None:
    for digit in "0123456789":
        visit.write(digit)
        visit.expect_answer(digit)
        visit.clear()
        expect(visit["#numbers button"]).to_have_count(0)


def test_several_digits_are_one_number(visit: Visit) -> None:
    visit.write("407")
    visit.expect_answer("407")
    expect(visit["#verdict"]).to_contain_text(re.compile(r"Accepted: 9\d\s%"))
    expect(visit["#verdict"]).to_contain_text("“at most 1 wrong in 20”")
    expect(visit["#announcement"]).to_contain_text("Read 407. Accepted")
    expect(visit["#boxes rect"]).to_have_count(3)


def test_undo_takes_back_strokes_and_clearing(visit: Visit) -> None:
    visit.write("1", left=60)
    visit.expect_answer("1")
    visit.write("1", left=200)
    visit.expect_answer("11")
    visit.page.keyboard.press("Control+z")
    visit.expect_answer("1")
    visit.page.keyboard.press("Delete")
    expect(visit["#invitation"]).to_be_visible()
    visit["#undo"].click()
    visit.expect_answer("1")
    visit["#clear"].click()
    expect(visit["#clear"]).to_be_disabled()


def test_a_wider_pen_leaves_more_ink(visit: Visit) -> None:
    dark = """() => {
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext("2d", { willReadFrequently: true });
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, index) => index % 4 === 0 && value < 128).length;
    }"""
    amounts = []
    for width in ("4", "24"):
        visit["#pen-width"].fill(width)
        visit.write("3")
        visit.expect_answer("3")
        amounts.append(visit.page.evaluate(dark))
        visit.clear()
    assert amounts[1] > 3 * amounts[0] > 0


def test_a_drawing_survives_a_smaller_window(visit: Visit) -> None:
    visit.write("47", left=360)
    visit.expect_answer("47")
    visit.page.set_viewport_size({"width": 390, "height": 844})
    with visit.page.expect_response("**/v1/read?*"):
        visit["#layout"].select_option("number")
    visit.expect_answer("47")


# Answers


def test_clicking_a_digit_shows_why_it_was_read_so(visit: Visit) -> None:
    visit.write("407")
    visit.expect_answer("407")
    box = visit.area("#boxes rect >> nth=0")
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(visit["#details-title"]).to_have_text("Why is the first a 4?")
    expect(visit["#bars li"]).to_have_count(10)
    expect(visit["#bars .taken"]).to_contain_text("1004")  # a bar of 100 %, named 4
    expect(visit["#boxes .chosen title"]).to_have_text("4")
    assert visit.page.evaluate("[saw.naturalWidth, saw.naturalHeight]") == [28, 28]


def test_the_way_to_the_labels_leads_over_other_digits(visit: Visit) -> None:
    visit.write("407")
    visit.expect_answer("407")
    box, key = visit.area("#boxes rect >> nth=0"), visit.area("#labels button >> nth=9")
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visit.page.mouse.move(key["x"] + 9, key["y"] + 9, steps=30)
    expect(visit["#details-title"]).to_have_text("Why is the first a 4?")


def test_the_keyboard_walks_through_the_digits(visit: Visit) -> None:
    visit.show_file(NOTE)
    visit.expect_answer(*ON_NOTE)
    visit.choose_digit(0)
    chosen = visit["#numbers [aria-pressed=true]"]
    for key, digit, title in (
        ("ArrowRight", "0", "Why is the second a 0?"),
        ("ArrowDown", "9", "Why is the second a 9?"),
        ("End", "8", "Why is the second an 8?"),
        ("ArrowLeft", "3", "Why is the first a 3?"),
        ("Home", "4", "Why is the first a 4?"),
    ):
        visit.page.keyboard.press(key)
        expect(chosen).to_be_focused()
        expect(chosen).to_have_text(digit)
        expect(visit["#details-title"]).to_have_text(title)
    expect(chosen).to_have_attribute(
        "aria-label", re.compile(r"4, .*\s% sure, digit 1 of 4, number 1")
    )


def test_an_unsure_answer_is_declined_and_says_why(visit: Visit) -> None:
    paper = visit.area("#canvas")
    for stroke in NOT_QUITE_A_4:
        visit.stroke([(paper["x"] + x, paper["y"] + y) for x, y in stroke])
    expect(visit["#verdict"]).to_contain_text("Declined: ")
    expect(visit["#verdict"]).to_contain_text(
        re.compile(r"to\s+keep\s+“at\s+most\s+1\s+wrong\s+in\s+20”\s+it\s+wants\s+\d\d\s+%")
    )
    visit["#layout"].select_option("digit")
    expect(visit["#verdict"]).to_contain_text("Accepted: ")
    expect(visit["#verdict"]).to_contain_text(re.compile(r"it\s+wants\s+50\s+%"))
    visit["#max-error"].select_option("0.001")
    expect(visit["#verdict"]).to_contain_text(
        re.compile(r"“at\s+most\s+1\s+wrong\s+in\s+1000”\s+it\s+wants\s+9\d[\d.]*\s+%")
    )


def test_only_promises_that_can_be_made_are_offered(visit: Visit) -> None:
    answer = visit.page.request.get(visit.page.url + "v1/model").json()
    for layout, kind in (("auto", "number"), ("digit", "single"), ("page", "number")):
        visit["#layout"].select_option(layout)
        expected = [str(one["max_error"]) for one in answer["promises"] if one[kind] is not None]
        enabled = visit["#max-error option:enabled"]
        assert enabled.evaluate_all("all => all.map((one) => one.value)") == expected
    visit["#layout"].select_option("digit")
    visit["#max-error"].select_option("0.001")
    visit["#layout"].select_option("number")
    expect(visit["#max-error"]).to_have_value("0.05")


def test_a_picture_without_digits_says_so(visit: Visit) -> None:
    visit.choose_file("blank.png", picture_bytes("-", "PNG"), "image/png")
    expect(visit["#verdict"]).to_contain_text("No digits here.")
    expect(visit["#details"]).to_be_hidden()


# Pictures


def test_a_dropped_picture_is_read_with_boxes_over_its_digits(visit: Visit) -> None:
    transfer = visit.page.evaluate_handle(MAKE_FILE, _base64(NOTE.read_bytes()))
    for kind in ("dragover", "drop"):
        visit["main"].dispatch_event(kind, {"dataTransfer": transfer})
    visit.expect_answer(*ON_NOTE)
    first = Reader().read(NOTE).numbers[0].digits[0].box
    shown, picture = visit.area("#boxes rect >> nth=0"), visit.area("#picture")
    scale = min(picture["width"] / 640, picture["height"] / 560)
    left = picture["x"] + (picture["width"] - 640 * scale) / 2 + first.x * scale
    top = picture["y"] + (picture["height"] - 560 * scale) / 2 + first.y * scale
    assert shown["x"] + shown["width"] / 2 == pytest.approx(left + first.width * scale / 2, abs=2)
    assert shown["y"] + shown["height"] / 2 == pytest.approx(top + first.height * scale / 2, abs=2)
    visit.page.mouse.click(left + first.width * scale / 2, top + first.height * scale / 2)
    expect(visit["#details-title"]).to_have_text("Why is the first a 4?")


def test_a_picture_can_be_pasted(visit: Visit) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.page.evaluate(COPY, _base64(picture_bytes("52", "PNG")))
    visit.page.keyboard.press("Control+v")
    visit.expect_answer("52")
    visit["#undo"].click()
    expect(visit["#invitation"]).to_be_visible()


def test_the_newest_picture_wins_even_if_another_takes_longer_to_decode(visit: Visit) -> None:
    visit.page.evaluate(
        """() => {
          const decode = Image.prototype.decode;
          let isFirst = true;
          Image.prototype.decode = async function () {
            const mustWait = isFirst;
            isFirst = false;
            if (mustWait) await new Promise((resolve) => (window.decodeFirst = resolve));
            return decode.call(this);
          };
        }"""
    )
    visit.choose_file("slow.png", picture_bytes("41", "PNG"), "image/png")
    visit.choose_file("fast.png", picture_bytes("52", "PNG"), "image/png")
    visit.expect_answer("52")
    visit.page.evaluate("() => window.decodeFirst()")
    visit.page.wait_for_timeout(500)
    visit.expect_answer("52")
    expect(visit["#picture"]).to_have_attribute("alt", "Your picture fast.png")


def test_a_photo_can_be_taken_with_a_webcam(visit: Visit) -> None:
    visit["#photograph"].click()
    expect(visit["#camera-note"]).to_contain_text("camera isn't allowed")
    visit["#camera-close"].click()
    visit.page.context.grant_permissions(["camera"])
    visit["#photograph"].click()
    visit["#shutter"].click()
    expect(visit["#camera"]).to_be_hidden()
    visit.expect_answer("38")


def test_a_picture_that_the_browser_cannot_show_is_read_all_the_same(visit: Visit) -> None:
    visit.choose_file("scan.tif", picture_bytes("64", "TIFF"), "image/tiff")
    expect(visit["#unseen"]).to_contain_text("This browser can't show scan.tif")
    visit.expect_answer("64")
    expect(visit["#boxes rect"]).to_have_count(0)


def _base64(contents: bytes) -> str:
    return base64.b64encode(contents).decode()


# Corrections


def test_corrections_come_back_as_a_zip_that_data_takes(visit: Visit, tmp_path: Path) -> None:
    visit.write("43", lean=0.4, spacing=-0.05)  # so that the 4 hangs over the 3
    visit.expect_answer("43")
    for place, label in ((0, 9), (0, 4), (1, 3)):  # the second thought counts
        visit.choose_digit(place)
        visit.keep_as(label)
    visit.show_file(NOTE)
    visit.expect_answer(*ON_NOTE)
    visit.choose_digit(1)
    visit.keep_as(0)
    visit.choose_file("scan.tif", picture_bytes("64", "TIFF"), "image/tiff")
    visit.expect_answer("64")
    visit.choose_digit(0)
    visit.keep_as(6)
    visit.page.reload()
    expect(visit["#kept-count"]).to_have_text("4 pictures kept.")
    with visit.page.expect_download() as downloading:
        visit["#download"].click()
    archive, folder = tmp_path / "my.zip", tmp_path / "my-digits"
    downloading.value.save_as(archive)
    with zipfile.ZipFile(archive) as file:
        assert file.testzip() is None
        names = sorted(file.namelist())
        file.extractall(folder)
    assert [re.sub(r"/20\d{15}\.png$", "", name) for name in names] == ["0", "3", "4", "6"]
    digits = read_parts(folder).labelled_train()
    three = np.asarray(Image.open(folder / names[1]).convert("L"))
    num_components, _ = cv2.connectedComponents((three < 128).astype(np.uint8))
    assert num_components == 2, "paper and the 3, but nothing of the 4"
    assert digits.known_labels().tolist() == [0, 3, 4, 6]
    assert Reader().classify(digits.images).argmax(axis=1).tolist() == [0, 3, 4, 6]


def keep_two(visit: Visit) -> None:
    """Write a 1 and a 2, and say that they are."""
    visit.write("12")
    visit.expect_answer("12")
    for place, label in enumerate((1, 2)):
        visit.choose_digit(place)
        visit.keep_as(label)


def test_what_was_kept_can_be_forgotten(visit: Visit) -> None:
    keep_two(visit)
    visit["#labels [aria-pressed=true]"].click()  # said once more, it is taken back
    expect(visit["#kept-count"]).to_have_text("1 picture kept.")
    visit["#forget"].click()
    visit["#forgetting button"].last.click()
    expect(visit["#gallery li"]).to_have_count(1)
    visit["#forget"].click()
    visit["#forgetting button"].first.click()
    expect(visit["#gallery li"]).to_have_count(0)
    visit.page.reload()
    expect(visit["#max-error"]).to_be_enabled()
    expect(visit["#kept-actions"]).to_be_hidden()


def test_a_picture_taken_away_can_be_put_back(visit: Visit) -> None:
    keep_two(visit)
    visit["#gallery button"].last.click()
    expect(visit["#gallery button"]).to_have_count(1)
    expect(visit["#gallery button"]).to_be_focused()
    visit["#restore"].click()
    expect(visit["#gallery span"]).to_have_text([re.compile("^2"), re.compile("^1")])
    expect(visit["#restore"]).to_be_hidden()


def test_keys_among_what_is_kept_leave_the_drawing_alone(visit: Visit) -> None:
    visit.write("7")
    visit.expect_answer("7")
    visit.keep_as(7)
    visit["#gallery button"].first.focus()
    visit.page.keyboard.press("Delete")
    visit.page.keyboard.press("Escape")
    visit.expect_answer("7")
    expect(visit["#invitation"]).to_be_hidden()


def test_what_was_cleared_comes_back_as_it_was(visit: Visit) -> None:
    visit.write("7")
    visit.expect_answer("7")
    visit.keep_as(7)
    visit.page.keyboard.press("Escape")
    expect(visit["#invitation"]).to_be_visible()
    visit.page.keyboard.press("Control+z")
    visit.expect_answer("7")
    expect(visit["#labels [aria-pressed=true]"]).to_have_text("7")
    visit.show_file(NOTE)
    visit.expect_answer(*ON_NOTE)
    visit.page.keyboard.press("Escape")
    expect(visit["#invitation"]).to_be_visible()
    visit["#undo"].click()
    expect(visit["#picture"]).to_be_visible()
    visit.expect_answer(*ON_NOTE)


def test_two_tabs_keep_together(visit: Visit) -> None:
    visit.write("1")
    visit.expect_answer("1")
    visit.keep_as(1)
    other = Visit(visit.page.context.new_page(), visit.page.url)
    expect(other["#kept-count"]).to_have_text("1 picture kept.")
    other.write("7")
    other.expect_answer("7")
    other.keep_as(7)
    visit.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(visit["#kept-count"]).to_have_text("2 pictures kept.")
    other.page.close()


def test_what_a_full_browser_does_not_store_is_not_called_kept(visit: Visit) -> None:
    visit.page.evaluate(
        "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('', 'Quota') } }"
    )
    visit.write("7")
    visit.expect_answer("7")
    visit.keep_as(7)
    expect(visit["#kept-count"]).to_contain_text("1 picture kept in this tab only")


# Troubles


def test_a_refused_file_is_answered_in_the_servers_words(visit: Visit) -> None:
    with visit.page.expect_response("**/v1/read?*") as answering:
        visit.choose_file("letter.txt", b"Dear reader", "text/plain")
    words = answering.value.json()["error"]
    expect(visit["#verdict"]).to_have_text(words[0].upper() + words[1:])
    visit.forgive("422")


def test_a_reader_that_is_away_is_asked_again_when_the_network_is_back(visit: Visit) -> None:
    visit.page.context.set_offline(True)
    visit.write("7")
    expect(visit["#verdict"]).to_contain_text("The reader is away.")
    expect(visit["#again"]).to_be_visible()
    visit.page.context.set_offline(False)
    visit.expect_answer("7")
    visit.forgive("ERR_INTERNET_DISCONNECTED")


def test_a_busy_reader_is_asked_again_when_it_said(visit: Visit) -> None:
    def be_busy(route: Route) -> None:
        route.fulfill(status=503, headers={"Retry-After": "1"}, json={"error": "busy"})

    visit.page.route("**/v1/read?*", be_busy)
    visit.write("7")
    expect(visit["#verdict"]).to_have_text("The reader is busy. It is asked again in 1 s.")
    visit.page.unroute("**/v1/read?*")
    visit.expect_answer("7")
    visit.forgive("503")


def test_a_reader_with_a_token_asks_for_it(browser: Browser, tmp_path: Path) -> None:
    with (
        serving(tmp_path, "--processes", "1", KERAS_DIGITS_TOKEN="open sesame") as server,
        visiting(browser, server.url, must_wait=False, **DESKTOP) as visit,
    ):
        for token, said in (("open barley", "wants a token"), ("open sesame", "does not know")):
            expect(visit["#verdict"]).to_contain_text(said)
            visit["#token"].fill(token)
            visit.page.keyboard.press("Enter")
        expect(visit["#token-form"]).to_be_hidden()
        expect(visit["#max-error"]).to_be_enabled()
        visit.write("7")
        visit.expect_answer("7")
        visit.forgive("401")


# Access


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_light_and_dark(
    browser: Browser, server: Server, screen: dict[str, Any]
) -> None:
    with visiting(browser, server.url, reduced_motion="reduce", **screen) as visit:
        _expect_no_violations(visit.page)
        visit.write("407")
        visit.expect_answer("407")
        visit.choose_digit(1)
        visit.keep_as(0)
        _expect_no_violations(visit.page)


def _expect_no_violations(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_on_a_phone_the_answer_stands_beneath_the_paper_without_scrolling(phone: Visit) -> None:
    phone.page.evaluate("scrollTo(0, 0)")  # keeping the 4 was further down
    verdict = phone.area("#verdict")
    assert verdict["y"] + verdict["height"] < 844
    assert phone.page.evaluate("[scrollX, scrollY, document.body.scrollWidth]") == [0, 0, 390]


def test_on_a_phone_that_lies_on_its_side_the_paper_does_not_fill_the_screen(
    browser: Browser, server: Server
) -> None:
    lying = {**PHONE, "viewport": {"width": 844, "height": 390}}
    with visiting(browser, server.url, **lying) as visit:
        assert visit.area("#paper")["height"] < 0.65 * 390


def test_on_a_phone_everything_is_large_enough_for_a_finger(phone: Visit) -> None:
    targets = phone["button:visible, select:visible, nav a, .pen"]
    sizes = targets.evaluate_all("""all => all.map((one) => {
      const { width, height } = one.getBoundingClientRect();
      return [one.id || one.textContent, width, height];
    })""")
    assert [one for one in sizes if min(one[1:]) < 44] == []
    assert len(sizes) > 20
