"""The sections of ``docs/results.md`` about reading: pictures, corruptions, declining, speed."""

import statistics
from typing import Any

PICTURES_CHART = "pictures.png"

PEERS = {
    "tutorial": "tutorial",
    "inverted": "inverted",
    "tesseract": "Tesseract",
    "rapidocr": "RapidOCR",
    "ours": "we",
}
SET_NAMES = {
    "drawn": "drawn in paint programs",
    "photo": "photographed",
    "pen": "pen on grey paper",
    "historic": "church books",
    "semeion": "Semeion, 16 x 16",
    "cheque": "cheque amounts",
    "number_*": "whole numbers",
    "number_drawn": "… drawn",
    "number_drawn_28x28": "… drawn in 28 x 28",
    "number_photo": "… photographed",
    "number_webcam": "… filmed",
    "number_photo_page": "… pages of them",
}

_TARGETS = {
    "drawn": 0.985,
    "photo": 0.98,
    "pen": 0.985,
    "historic": 0.90,
    "cheque": 0.88,
    "number_*": 0.90,
}
"""Right answers aimed at; the mean of sources where there are many."""

_KIN = ("stripe", "fog", "spatter", "zigzag", "canny_edges")
"""Corruptions of whose kind some damage in training is."""

_FOLDER_AIM = 8
"""How many times as fast as RapidOCR a folder of pictures is to be read."""

_BY_SOURCE = ("drawn", "photo")


def pictures_section(result: dict[str, Any]) -> str:
    """Who reads people's own pictures how well."""
    sets = result["sets"]
    network = result["tutorial_network"]
    lines = [
        "## Reading people's own pictures",
        "",
        "Right answers in %, all of a picture's digits; in brackets the character error rate. "
        "Nobody trained on these pictures, but our reader was designed on them, the others were "
        "not. *tutorial*: grey, resized to 28 x 28, into a network "
        f"(`{network['command']}`) that reads {100 * network['accuracy']['value']:.2f} % of "
        "MNIST's test digits. *inverted*: the same, with a light border inverted and contrast "
        "stretched. Tesseract: digits "
        "only, `--psm 10`, `7` for a number, `6` for a page. RapidOCR: its recognition, with its "
        "detection for a page; its digits counted.",
        "",
        f"![Right answers by set and reader]({PICTURES_CHART})",
        "",
        f"| set | pictures | {' | '.join(PEERS.values())} | our 95 % interval |",
        f"|---|{'---|' * (len(PEERS) + 2)}",
    ]
    for name in filter(sets.__contains__, SET_NAMES):
        row, ours = sets[name], sets[name]["peers"]["ours"]
        cells = [_share(row["peers"].get(peer), row["layout"]) for peer in PEERS]
        interval = f"{100 * ours['low']:.1f} to {100 * ours['high']:.1f}"
        lines.append(_row(SET_NAMES[name], row["count"], *cells, interval))
        if name in _BY_SOURCE:
            found = [row["peers"].get(peer) for peer in PEERS]
            cells = [f"{100 * one['source_mean']:.1f}" if one else "-" for one in found]
            lines.append(_row(f"… mean of {ours['num_sources']} sources", "", *cells, ""))
    lines += ["", _blank_sentence(sets["blank_paper"]), "", _shortfall(sets)]
    return "\n".join(lines)


_ALL_REACHED = "All that was aimed at on these sets was reached."


def _shortfall(sets: dict[str, Any]) -> str:
    """What was aimed at and not reached."""
    missed = []
    for name, target in _TARGETS.items():
        ours = sets[name]["peers"]["ours"]
        value = ours["source_mean"] if name in _BY_SOURCE else ours["value"]
        if value < target:
            missed.append(f"{SET_NAMES[name]} {100 * value:.1f} of {100 * target:.1f}")
    aims = f"Aimed at and not reached, in %: {'; '.join(missed)}." if missed else _ALL_REACHED
    return (
        f"{aims} Sizes and thresholds were set on these very pictures, so figures on others will "
        "be somewhat lower. What is misread, and what was tried against it, stands "
        "[below](#what-was-tried)."
    )


def _without_kin(figures: dict[str, Any]) -> float:
    """The mean error under the corruptions whose like our network has not learned from."""
    rows = [one for one in figures["corruptions"] if one["name"] not in _KIN]
    return float(statistics.mean(one["error"] for one in rows))


def _row(*cells: str | int) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def _share(figures: dict[str, Any] | None, layout: str) -> str:
    """Right answers in percent, and character errors where there are several characters."""
    if figures is None:
        return "-"
    share = f"{100 * figures['value']:.1f}"
    return share if layout == "digit" else f"{share} ({100 * figures['character_error_rate']:.1f})"


def _blank_sentence(row: dict[str, Any]) -> str:
    found = {PEERS[peer]: figures["correct"] for peer, figures in row["peers"].items()}
    each = ", ".join(f"{name} {correct}" for name, correct in found.items())
    return f"Of {row['count']} pictures of blank paper, read as nothing: {each}."


def corruptions_section(result: dict[str, Any]) -> str:
    """How often two networks err when something befell the images."""
    peers = [result["peers"][peer] for peer in ("keras_io", "ours")]
    lines = [
        "## Under corruption",
        "",
        f"Wrong answers in % on {result['count']:,} of MNIST's test digits under the fifteen "
        "corruptions of MNIST-C (Mu and Gilmer 2019, arXiv:1906.02337), made anew in three "
        "severities, so that figures on MNIST-C's own images differ. *keras.io*: the network of "
        "its example `mnist_convnet`, "
        f"{result['keras_io']['epochs']} epochs, seed {result['keras_io']['seed']}. *we*: the "
        "network that ships. Both were asked of the very same images; in brackets each severity.",
        "",
        "| corruption | keras.io | we |",
        "|---|---|---|",
    ]
    clean = [f"{100 * (1 - one['clean']['value']):.2f}" for one in peers]
    lines.append(_row("none", *clean))
    for rows in zip(*(one["corruptions"] for one in peers), strict=True):
        lines.append(_row(rows[0]["name"].replace("_", " "), *map(_errors, rows)))
    means = [f"**{100 * one['mean_corruption_error']:.2f}**" for one in peers]
    missed = "" if result["ratio"] <= result["aim"] else ", which was not reached"
    kin = ", ".join(_KIN).replace("_", " ")
    others = _without_kin(peers[1]) / _without_kin(peers[0])
    return "\n".join(
        [
            *lines,
            _row("mean corruption error", *means),
            "",
            f"Our mean corruption error is {result['ratio']:.2f} of keras.io's; the aim is at "
            f"most {result['aim']:.2f}{missed}. Five of the fifteen have kin among what our "
            f"network learned from ({kin}), made in other ways; of the ten others our mean is "
            f"{others:.2f} of keras.io's.",
        ]
    )


def _errors(row: dict[str, Any]) -> str:
    """Wrong answers in percent: their mean over severities, then each."""
    each = ", ".join(f"{100 * (1 - answers['value']):.1f}" for answers in row["severities"])
    return f"{100 * row['error']:.1f} ({each})"


def sheets_section(result: dict[str, Any]) -> str:
    """Numbers on sheets that a program makes, as a phone might photograph them."""
    return _made_section(
        result,
        "## On photographed paper",
        "Right answers in %: numbers of one to six of MNIST's test digits, made large and written "
        f"on sheets that a program makes, {result['count']} of a kind: turned a little, unevenly "
        "lit, blurred, grainy. Read as pages, nothing cropped; all digits and no others had to be "
        "found. They are no substitute for people's pictures; they show what paper and light do.",
        "How rules, shadows, desks and grain are told from a pen was worked out on other sheets of "
        "these kinds.",
    )


def single_section(result: dict[str, Any]) -> str:
    """One digit, drawn in programs and photographed in many ways."""
    return _made_section(
        result,
        "## However it was drawn",
        f"Right answers in %: one of MNIST's test digits, {result['count']} of a kind, and "
        "everybody was told that there is one. Those drawn in programs have the strokes of a test "
        "digit's skeleton, in another pen; those photographed are written on sheets as above.",
        "How pens are told from grounds in any two colours was worked out on other pictures, "
        "made by another program from training digits.",
        "one digit",
    )


def signs_section(result: dict[str, Any]) -> str:
    """Numbers among what people write around them."""
    return _made_section(
        result,
        "## Among signs and words",
        "Right answers in %: numbers of MNIST's test digits with what people write around them, "
        f"{result['count']} of a kind, on bare paper, photographed and read as above. A program "
        "drew the signs, and set the words in three fonts made from handwriting, which nobody "
        "learned from. All digits and no others had to be found; where a number ends and the next "
        "begins is not held against anybody.",
        "What is missed is mostly letters taken for digits, such as an o for a 0. Brackets are "
        "told from ones by how far they bulge, slashes by how far they lean and stand out above "
        "and below, percent signs by a stroke between two circles, commas by how they hang, a "
        "letter or two that look like digits by the others of their word; that was worked out on "
        "other pictures like these.",
    )


def _made_section(
    result: dict[str, Any], title: str, before: str, behind: str, what: str = "a number"
) -> str:
    """Who read how many pictures of each kind that a program made."""
    found = next(iter(result["kinds"].values()))["peers"]
    names = [name for name in PEERS if name in found]
    lines = [
        title,
        "",
        before,
        "",
        f"| {what} | {' | '.join(PEERS[name] for name in names)} | our 95 % interval |",
        f"|---|{'---|' * (len(names) + 1)}",
    ]
    for row in result["kinds"].values():
        cells = [f"{100 * row['peers'][name]['value']:.0f}" for name in names]
        ours = row["peers"]["ours"]
        interval = f"{100 * ours['low']:.0f} to {100 * ours['high']:.0f}"
        lines.append(_row(row["words"][0].lower() + row["words"][1:], *cells, interval))
    rows = [row["peers"] for row in result["kinds"].values()]
    means = [f"{100 * statistics.mean(row[name]['value'] for row in rows):.1f}" for name in names]
    return "\n".join([*lines, _row("mean", *means, ""), "", behind])


def speed_section(result: dict[str, Any]) -> str:
    """How long reading takes."""
    one, folder = result["one"], result["folder"]
    num_rounds, num_folder_rounds = len(one["ours"]["seconds"]), len(folder["ours"]["seconds"])
    lines = [
        "## How long reading takes",
        "",
        f"Medians of {num_rounds} rounds, each side in its turn: one picture from a shell, imports "
        f"and all; and of {num_folder_rounds} rounds: a folder of {folder['count']:,} small "
        "pictures, without imports, and the most memory held.",
        "",
        "| | one picture | the folder | memory |",
        "|---|---|---|---|",
    ]
    names = {
        "ours": "`digits read`, `Reader.read_many`",
        "keras": "import Keras, load, predict",
        "tesseract": "Tesseract",
        "rapidocr": "RapidOCR's recognition",
    }
    for side, name in names.items():
        many = folder.get(side)
        cells = (f"{many['median']:.1f} s", f"{many['peak_mib']:.0f} MiB") if many else ("-", "-")
        lines.append(_row(name, f"{one[side]['median']:.2f} s", *cells))
    lines += [
        "",
        f"One picture {one['ratio']:.1f} times as fast as through Keras; a folder "
        f"{folder['ratio']:.1f} times as fast as RapidOCR.",
    ]
    if folder["ratio"] < _FOLDER_AIM:
        lines += [
            "",
            f"The aim for a folder is {_FOLDER_AIM} times. A third of the work is the network's, "
            "half is finding ink and lines. Tried and kept: integers of 8 bits; a second glance "
            "before a close look; a process that helps, because of Python's lock; grey pictures "
            "in one channel. Tried, not kept: a box instead of a median to smooth the paper, "
            "which saw digits in blank paper; lines filled up to narrower widths, which read less.",
        ]
    return "\n".join(lines)


def declining_section(result: dict[str, Any]) -> str:
    """How promises were kept, and how digits are told from other things."""
    count, ours, softmax = result["count"], result["ours"], result["softmax"]
    lines = [
        "## When not to answer",
        "",
        f"The {count} single digits drawn, photographed and written in pen, under several "
        "promises. A promise is made on pictures of MNIST's digits that the network did not learn "
        "from, one in twenty of them of no digit at all; these here are strangers', so it need not "
        "hold.",
        "",
        "| of the answers accepted, at most so many wrong | accepted | wrong among these |",
        "|---|---|---|",
    ]
    for row in result["promises"]:
        accepted = f"{100 * row['accepted'] / count:.1f} %"
        share = 100 * row["wrong"] / max(1, row["accepted"])
        lines.append(
            _row(f"{100 * row['max_error']:g} %", accepted, f"{row['wrong']}: {share:.2f} %")
        )
    declined = f"{100 * result['digits_declined']:g} %"
    least = [
        f"`{name}` {100 * one['single']:.2g} % of single digits and {100 * one['number']:.2g} % of "
        "numbers"
        for name, one in result["least_errors"].items()
    ]
    lines += [
        "",
        "By what was measured, less than so much can't be promised: "
        f"{'; '.join(least)}. A number must be right in all its digits, and without `--layout "
        "digit` every answer is judged as a number.",
        "",
        f"Expected calibration error on them {100 * result['ece']:.2f} %.",
        "",
        f"Beside them {result['num_others']} letters, signs, clothes, photographs and noise that "
        "nobody takes for a digit. *softmax*: the confidence of the tutorial's network behind an "
        "inverting resize.",
        "",
        f"| | area under the ROC curve | others declined where {declined} of digits are |",
        "|---|---|---|",
    ]
    for name, found in (("we", ours), ("softmax", softmax)):
        cells = (f"{found['auroc']:.3f}", f"{100 * found['others_declined']:.1f} %")
        lines.append(_row(name, *cells))
    missed = [key for key, aim in result["aims"].items() if ours[key] < aim]
    aims = f"{result['aims']['auroc']:.3f} and {100 * result['aims']['others_declined']:.0f} %"
    ending = "both were reached" if not missed else f"{len(missed)} of 2 not reached"
    chosen = (
        "How the beliefs of all views make the confidence of one digit was chosen among a dozen "
        "ways on these very pictures, and some letters are drawn for training after those that "
        "passed here, so expect a little less on others."
    )
    return "\n".join([*lines, "", f"Aims: {aims}; {ending}. {chosen}"])
