"""What programs get: the answers of the shell, or one clear line with the right status."""

import base64
import io
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from conftest import ROOT
from keras_digits.cli import main
from keras_digits.reading.catalogue import network_path
from keras_digits.reading.reader import Reader
from keras_digits.serving.images import images_of
from keras_digits.serving.model import load
from keras_digits.serving.options import RequestError
from pen import encode, write

NOTE = (ROOT / "docs" / "pictures" / "note.jpg").read_bytes()


SEVEN = encode(write("7", height=90, thickness=9))
PNG = {"content-type": "image/png"}


FORM = {"content-type": "multipart/form-data; boundary=edge"}
CUT_FORM = b'--edge\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n' + SEVEN


def in_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def of_shell(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What the shell answers, but for the file's name."""
    main(["read", "note.jpg", "--json", *words])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {**answer, "file": ""}


@pytest.mark.parametrize("options", [{}, {"layout": "number"}, {"max_error": "0.02"}])
def test_answers_are_those_of_the_shell(
    client: httpx.Client, capsys: pytest.CaptureFixture[str], options: dict[str, str]
) -> None:
    Path("note.jpg").write_bytes(NOTE)
    flags = [word for name, value in options.items() for word in (_flag(name), value)]
    expected = of_shell(capsys, *flags)
    typed = {k: float(value) if k == "max_error" else value for k, value in options.items()}
    for sent in (
        client.post(
            "/v1/read", content=NOTE, headers={"content-type": "image/jpeg"}, params=options
        ),
        client.post("/v1/read", files={"file": ("note.jpg", NOTE)}, data=options),
        client.post("/v1/read", json={"picture": in_base64(NOTE), **typed}),
        client.post(
            "/v1/read", json={"picture": f"data:image/jpeg;base64,{in_base64(NOTE)}", **typed}
        ),
    ):
        assert sent.status_code == 200, sent.text
        assert {**sent.json(), "file": ""} == expected


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def test_a_picture_keeps_its_name(client: httpx.Client) -> None:
    answer = client.post("/v1/read", files={"file": ("my seven.png", SEVEN)}).json()
    assert answer["file"] == "my seven.png"
    assert client.post("/v1/read", content=SEVEN, headers=PNG).json()["file"] == "-"


def test_several_pictures_are_answered_in_order_and_a_bad_one_stops_no_other(
    client: httpx.Client,
) -> None:
    contents = [SEVEN, b"no picture", encode(write("4", height=90, thickness=9))]
    by_form = client.post("/v1/read", files=[("file", (str(i), c)) for i, c in enumerate(contents)])
    by_json = client.post("/v1/read", json={"pictures": [in_base64(one) for one in contents]})
    for sent in (by_form, by_json):
        texts = [[number["text"] for number in one["numbers"]] for one in sent.json()]
        assert texts == [["7"], [], ["4"]]
        assert [bool(one["error"]) for one in sent.json()] == [False, True, False]
    assert [one["file"] for one in by_form.json()] == ["0", "1", "2"]


def test_explained_answers_show_what_the_network_saw_and_what_was_wanted(
    client: httpx.Client,
) -> None:
    options = {"layout": "digit", "max_error": "0.01", "explain": "true"}
    (number,) = client.post("/v1/read", content=SEVEN, headers=PNG, params=options).json()[
        "numbers"
    ]
    (digit,) = number["digits"]
    saw = Image.open(io.BytesIO(base64.b64decode(digit["image"])))
    assert saw.size == (28, 28)
    assert np.asarray(saw).max() > 200
    assert int(np.argmax(digit["probabilities"])) == 7
    assert sum(digit["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert number["accepted"] == (number["confidence"] >= number["threshold"])
    assert 0 < number["threshold"] < 1


def test_a_blank_picture_has_no_numbers(client: httpx.Client) -> None:
    blank = encode(np.full((60, 60), 255, np.uint8))
    answer = client.post("/v1/read", content=blank, headers=PNG)
    assert answer.json() == {"file": "-", "numbers": [], "error": None}


@pytest.mark.parametrize(
    ("status", "words", "request_"),
    [
        (422, "not a picture", {"content": b"hello", "headers": PNG}),
        (422, "empty", {"content": b"", "headers": PNG}),
        (422, "expected 'auto'", {"content": SEVEN, "headers": PNG, "params": {"layout": "x"}}),
        (422, "less than 1", {"content": SEVEN, "headers": PNG, "params": {"max_error": "7"}}),
        (422, "max_error", {"content": SEVEN, "headers": PNG, "params": {"max_error": "nan"}}),
        (422, "can't promise", {"content": SEVEN, "headers": PNG, "params": {"max_error": "1e-9"}}),
        (422, "'size' is unknown", {"content": SEVEN, "headers": PNG, "params": {"size": "3"}}),
        (422, "twice", {"content": SEVEN, "headers": PNG, "params": [("layout", "auto")] * 2}),
        (415, "text/plain", {"content": SEVEN, "headers": {"content-type": "text/plain"}}),
        (422, "no picture", {"json": {}}),
        (422, "both", {"json": {"picture": "", "pictures": [""]}}),
        (413, "more than 1000 values", {"json": {"layout": [0] * 1001}}),
        (422, "'pic' is unknown", {"json": {"pic": ""}}),
        (422, "no base64", {"json": {"picture": "?"}}),
        (422, "expected string", {"json": {"picture": 7}}),
        (422, "expected boolean", {"json": {"picture": "", "explain": "yes"}}),
        (422, "an object", {"json": [1]}),
        (400, "no JSON", {"content": b"{", "headers": {"content-type": "application/json"}}),
        (
            400,
            "no JSON",
            {"content": b"[" * 999, "headers": {"content-type": "application/json"}},
        ),
        (422, "no picture", {"files": {"layout": (None, "digit")}}),
        (422, "expected file", {"files": {"file": ("a", SEVEN), "other": ("b", SEVEN)}}),
        (400, "does not end", {"content": CUT_FORM, "headers": FORM}),
        (413, "16 at most", {"files": [("file", SEVEN)] * 18}),
        (400, "form", {"content": b"x", "headers": {"content-type": "multipart/form-data"}}),
        (413, "16 at most", {"json": {"pictures": [""] * 17}}),
        (413, "million bytes", {"content": bytes(20_000_001), "headers": PNG}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_requests_get_one_clear_line(
    client: httpx.Client, status: int, words: str, request_: dict[str, Any]
) -> None:
    check_refusal(client.post("/v1/read", **request_), status, words)


def check_refusal(answer: httpx.Response, status: int, words: str) -> None:
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_picture_that_the_shell_refuses_is_refused_in_the_same_words(
    client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("this").write_bytes(SEVEN[:100])
    assert main(["read", "this"]) == 2
    answer = client.post("/v1/read", content=SEVEN[:100], headers=PNG)
    assert capsys.readouterr().err == f"digits: {answer.json()['error']}\n"


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_images_are_classified_as_by_the_reader(
    client: httpx.Client, generator: np.random.Generator
) -> None:
    images = generator.integers(0, 256, (3, 28, 28), np.uint8)
    expected = Reader().classify(images)
    for sent in (
        client.post("/v1/classify", json={"images": images.tolist()}),
        client.post("/v1/classify", content=npy(images)),
        client.post("/v1/classify", content=npy(np.asfortranarray(images))),
    ):
        np.testing.assert_allclose(sent.json()["probabilities"], expected, atol=2e-6)
        assert sent.json()["digits"] == expected.argmax(axis=1).tolist()
    one = client.post("/v1/classify", json={"images": images[0].tolist()})
    np.testing.assert_allclose(one.json()["probabilities"], expected[:1], atol=2e-6)


@pytest.mark.parametrize(
    ("status", "words", "request_"),
    [
        (422, "too many or few", {"json": {"images": [[1, 2]]}}),
        (422, "too many or few", {"json": {"images": [[1], [1, 2]]}}),
        (422, "too many or few", {"json": {"images": [["a"] * 28, "b" * 28]}}),
        (422, "(0, 28, 28)", {"json": {"images": []}}),
        (422, "no pixel", {"json": {"images": [[0.5] * 28] * 28}}),
        (422, "no pixel", {"json": {"images": [[256] * 28] * 28}}),
        (422, "no pixel", {"json": {"images": [["a"] * 28] * 28}}),
        (413, "more than 1020000 values", {"json": {"images": [0] * 1_020_001}}),
        (422, "images is missing", {"json": {}}),
        (400, "no NPY", {"content": b"abc"}),
        (400, "other bytes", {"content": npy(np.zeros((9, 28, 28), np.uint8))[:-1]}),
        (422, "images holds float64", {"content": npy(np.zeros((28, 28)))}),
        (415, "image/png", {"content": SEVEN, "headers": PNG}),
        (413, "at most", {"content": npy(np.zeros((20_001, 28, 28), np.uint8))}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_images_get_one_clear_line(
    client: httpx.Client, status: int, words: str, request_: dict[str, Any]
) -> None:
    check_refusal(client.post("/v1/classify", **request_), status, words)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -28, 28)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 10 ** 30)}",
        f"{{'descr': '|u1', 'fortran_order': False, 'shape': (1{'0' * 400},)}}",
        f"{{'descr': '|u1', 'fortran_order': False, 'shape': (0, 1{'0' * 30})}}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (True, 28, 28)}",
        "{'descr': (), 'fortran_order': False, 'shape': (28, 28)}",
        "{'descr': 'i4,(2,', 'fortran_order': False, 'shape': (28, 28)}",
        "{'descr': (" + "(" * 3000,
        "  x\n y\n",
        "{[]: 1}",
        "-" * 9000 + "1",
        f"{{'descr': '|u1', 'fortran_order': False, 'shape': (0x{'f' * 9000}, 28)}}",
    ],
    ids=range(12),
)
def test_numpy_files_that_lie_are_refused(client: httpx.Client, header: str) -> None:
    raw = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    for pixels in (bytes(784), b""):
        answer = client.post("/v1/classify", content=raw + pixels)
        assert answer.status_code in (400, 422), answer.text


def test_as_many_images_in_json_as_the_documents_say() -> None:
    image = [[0] * 28] * 28
    for count in (1250, 1260):
        body = json.dumps({"images": [image] * count}).encode()
        if count == 1250:
            assert images_of("application/json", body, 20_000).shape == (count, 28, 28)
        else:
            with pytest.raises(RequestError, match="more than 1020000 values"):
                images_of("application/json", body, 20_000)


def test_the_model_is_described_with_its_promises_and_limits(client: httpx.Client) -> None:
    model = client.get("/v1/model").json()
    assert model["figures"]["sha256"] == model["sha256"]
    assert model["limits"]["max_pictures"] == 16
    by_error = {row["max_error"]: row for row in model["promises"]}
    assert by_error[0.05]["single"] <= by_error[0.01]["single"] < 1
    assert "# " in model["card"]


def test_a_readme_beside_a_network_is_its_card_only_in_a_run_folder(tmp_path: Path) -> None:
    network, readme = tmp_path / "mine.onnx", tmp_path / "README.md"
    shutil.copy(network_path(None), network)
    readme.write_text("what is in this folder")
    assert load(str(network)).facts["card"] is None
    (tmp_path / "recipe.json").write_text("{}")
    assert load(str(network)).facts["card"] == "what is in this folder"
    (tmp_path / "mine.md").write_text("a card")
    assert load(str(network)).facts["card"] == "a card"


def test_it_tells_that_it_lives_and_what_it_counted(client: httpx.Client) -> None:
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
    before = _counted(client, 'digits_pictures_total{outcome="read"}')
    client.post("/v1/read", content=SEVEN, headers=PNG)
    assert _counted(client, 'digits_pictures_total{outcome="read"}') == before + 1
    client.get("/nowhere/of/mine")
    text = client.get("/metrics").text
    assert "digits_confidence_bucket" in text
    assert "nowhere" not in text


def _counted(client: httpx.Client, name: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_unknown_paths_and_methods_get_one_line_too(client: httpx.Client) -> None:
    assert client.get("/nowhere").status_code == 404
    assert "See /docs" in client.get("/nowhere").json()["error"]
    answer = client.get("/v1/read")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_every_answer_forbids_foreign_scripts_and_frames(client: httpx.Client) -> None:
    for path in ("/", "/docs", "/nowhere", "/v1/model", "/page/favicon.svg"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers
        assert headers["cache-control"] == ("no-store" if path[1:3] in ("v1", "no") else "no-cache")


def test_documents_come_from_here_alone(client: httpx.Client) -> None:
    page = client.get("/docs").text
    assert "://" not in page
    for path in ("/docs/swagger/swagger-ui-bundle.js", "/docs/files/docs.js", "/openapi.json"):
        assert client.get(path).status_code == 200
