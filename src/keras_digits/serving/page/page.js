// Wires the page: what is drawn or shown goes to the reader, what comes back to the screen.
// Holds what is true at the moment; each module holds how its own part works.

import { Answers } from "./answers.js";
import { Boxes } from "./boxes.js";
import { offerCamera } from "./camera.js";
import { Choices } from "./choices.js";
import { Collection, cropDigit } from "./collecting.js";
import { Details } from "./details.js";
import { Drawing } from "./drawing.js";
import { Gallery } from "./gallery.js";
import { closeFile, letPicturesIn, openFile } from "./pictures.js";
import { Asking, hasToken, setToken } from "./reading.js";
import { announcement, sentence } from "./wording.js";

const NOTICE_MS = 6000;
const INVITATION = "The answer appears here as you write.";
const NOTHING_FOUND =
  "No digits here. Write them larger or darker, or change “The picture holds”.";

const $ = (id) => document.getElementById(id);

const drawing = new Drawing($("canvas"));
const boxes = new Boxes($("boxes"));
const answers = new Answers($("numbers"), $("verdict"));
const details = new Details({
  section: $("details"),
  title: $("details-title"),
  why: $("details-why"),
  saw: $("saw"),
  bars: $("bars"),
  labels: $("labels"),
});
const choices = new Choices($("layout"), $("max-error"));
const collection = new Collection();
const gallery = new Gallery(collection, {
  list: $("gallery"),
  count: $("kept-count"),
  actions: $("kept-actions"),
  restore: $("restore"),
  download: $("download"),
  forget: $("forget"),
  forgetting: $("forgetting"),
});
const opened = collection.open();
const asking = new Asking(showOutcome);

/** The file that lies on the paper, as openFile gave it, or null: then the drawing does. */
let shown = null;
/** The picture that was cleared off the paper last, {shown, paperId}, for one undo; or null. */
let cleared = null;
/** What was read last, and the digit that is looked at. */
let reading = null;
let chosen = null;
/** Where the person pointed last, as a place in the row of all digits; null before. */
let pointedAt = null;
/** A name for what lies on the paper, new when that is another: a digit is kept once for each. */
let paperId = Date.now();
/** The names of drawings, by their strokes: what is undone is what it was. */
const paperIds = new WeakMap();
/** Raised by whatever is to lie on the paper next: the newest wins, whichever is decoded first. */
let turn = 0;
let noticeTimer = 0;

// What lies on the paper

function readDrawing() {
  showPaper();
  if (drawing.isEmpty) return forgetAnswer(INVITATION);
  asking.ask(() => drawing.toSource(), choices.options);
}

async function readFile(file) {
  forgetAnswer("Reading…");
  turn += 1;
  const mine = turn;
  const source = await openFile(file);
  if (mine !== turn) return closeFile(source);
  if (shown) closeFile(shown);
  forgetCleared();
  if (source.drawable) $("picture").src = source.drawable.src;
  shown = { ...source, name: file.name };
  paperId = Date.now();
  showPaper();
  asking.ask(() => source, choices.options, 0);
}

function readAgain() {
  if (shown) asking.ask(() => shown, choices.options, 0);
  else readDrawing();
}

/** Let the paper show what lies on it, and the tools what they can do with it. */
function showPaper() {
  const isDrawing = shown === null;
  const isBlank = isDrawing && drawing.isEmpty;
  $("canvas").hidden = !isDrawing;
  $("picture").hidden = isDrawing || shown.drawable === null;
  $("picture").alt = isDrawing ? "" : `Your picture ${shown.name}`;
  $("unseen").hidden = isDrawing || shown.drawable !== null;
  $("unseen").textContent = isDrawing ? "" : `This browser can't show ${shown.name}; the reader may still read it.`;
  $("paper").classList.toggle("drawing", isDrawing);
  $("invitation").hidden = !isBlank;
  $("undo").disabled = isDrawing && !drawing.canUndo && !cleared;
  $("clear").disabled = isBlank;
  $("canvas").setAttribute("aria-label", isBlank ? "Paper, still empty" : "Your drawing");
  boxes.setSize(isDrawing || !shown.drawable ? drawing.size : shown);
}

/** Let the drawing be on the paper again, and give what lay there instead. */
function takePicture() {
  turn += 1;
  const taken = shown && { shown, paperId };
  shown = null;
  paperId = paperIds.get(drawing.strokes) ?? Date.now();
  forgetAnswer(INVITATION);
  return taken;
}

function forgetCleared() {
  if (cleared) closeFile(cleared.shown);
  cleared = null;
}

function undo() {
  if ($("undo").disabled) return;
  if (shown) {
    closeFile(takePicture().shown);
    readDrawing();
  } else if (cleared) {
    ({ shown, paperId } = cleared);
    cleared = null;
    if (shown.drawable) $("picture").src = shown.drawable.src;
    showPaper();
    readAgain();
  } else drawing.undo();
}

function clear() {
  if ($("clear").disabled) return;
  const taken = takePicture();
  drawing.clear();
  forgetCleared();
  cleared = taken;
  showPaper();
}

// What came back

function showOutcome(outcome) {
  $("answer").classList.toggle("stale", outcome.kind === "reading");
  if (outcome.kind === "reading") return;
  $("again").hidden = outcome.kind !== "away";
  $("token-form").hidden = outcome.kind !== "locked";
  if (outcome.kind === "read") return showReading(outcome);
  const messages = {
    refused: () => sentence(outcome.message),
    locked: () => outcome.message,
    busy: () => `The reader is busy. It is asked again in ${outcome.seconds} s.`,
    away: () => "The reader is away. Is digits serve still running, and this device online?",
  };
  forgetReading(messages[outcome.kind]());
  if (outcome.kind === "locked") $("token").focus();
}

function showReading({ source, numbers, options }) {
  const maxError = options.max_error ?? choices.usual;
  reading = { source, numbers, maxError, digits: numbers.flatMap((one) => one.digits) };
  if (!choices.areKnown) meetModel(); // the server was away when the page came
  if (numbers.length === 0) return forgetReading(NOTHING_FOUND);
  answers.show(numbers, maxError);
  boxes.show(source.drawable ? reading.digits : []);
  $("announcement").textContent = announcement(numbers, maxError);
  choose(reading.digits[pointedAt] ?? leastSure(reading.digits));
}

/** The digit that is the most worth looking at. */
function leastSure(digits) {
  return digits.reduce((least, one) => (one.confidence < least.confidence ? one : least));
}

function choose(digit) {
  chosen = digit;
  const number = reading.numbers.find(({ digits }) => digits.includes(digit));
  answers.choose(digit);
  boxes.choose(digit);
  details.show(digit, number, collection.labelOf(keptId(digit)));
}

/** Choose what somebody clicks on; whether there is anything. The way to the labels leads over other
 * digits, so that hovering chooses nothing. */
function pointAt(place) {
  const digit = reading ? boxes.at(place) : null;
  if (digit === null) return false;
  pointedAt = reading.digits.indexOf(digit);
  if (digit !== chosen) choose(digit);
  answers.reveal(digit);
  return true;
}

/** Show no answer, but a line of text. */
function forgetReading(text) {
  reading = chosen = null;
  answers.say(text);
  boxes.show([]);
  details.hide();
  $("announcement").textContent = text === INVITATION ? "" : text;
}

/** Show no answer, and expect none. */
function forgetAnswer(text) {
  asking.cancel();
  pointedAt = null;
  $("again").hidden = $("token-form").hidden = true;
  $("answer").classList.remove("stale");
  forgetReading(text);
}

// What is kept

function keptId(digit) {
  return `${paperId}:${digit.box.join(",")}`;
}

async function keep(label) {
  await opened;
  const [digit, { source, digits }] = [chosen, reading];
  const id = keptId(digit);
  if (collection.labelOf(id) === label) await collection.remove(id);
  else {
    const others = digits.filter((one) => one !== digit);
    await collection.put(id, label, await cropDigit(digit, others, source));
  }
  gallery.show();
  showLabel();
}

function showLabel() {
  if (chosen) details.showLabel(collection.labelOf(keptId(chosen)));
}

// Everything else

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => ($("notice").hidden = true), NOTICE_MS);
}

/** Learn what the network promises; where that takes a token, the page asks for it. */
async function meetModel() {
  const model = await asking.model();
  if (!model) return;
  choices.setModel(model);
  if (hasToken()) {
    // a link carries no token
    const text = new Blob([JSON.stringify(model, null, 2)], { type: "application/json" });
    $("model").href = URL.createObjectURL(text);
  }
}

async function useToken(token) {
  setToken(token);
  $("token").value = "";
  $("token-form").hidden = true;
  await meetModel();
  if ($("token-form").hidden) readAgain();
}

function obeyKeys(event) {
  const isElsewhere = document.querySelector("dialog[open]") !== null;
  const isWriting = event.target.matches("input:not([type=range])");
  const isClosingList = event.target.matches("select") && event.key === "Escape";
  const isAmongKept = event.target.closest("#gallery") !== null;
  if (isElsewhere || isWriting || isClosingList || isAmongKept || event.altKey) return;
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z";
  if (isUndo) undo();
  else if (event.key === "Delete" || event.key === "Escape") clear();
  else return;
  event.preventDefault();
}

drawing.addEventListener("change", () => {
  turn += 1;
  forgetCleared();
  if (drawing.isEmpty) paperId = Date.now();
  else paperId = paperIds.get(drawing.strokes) ?? paperId;
  paperIds.set(drawing.strokes, paperId);
  readDrawing();
});
drawing.addEventListener("resize", showPaper);
drawing.takesTap = pointAt;
$("picture").addEventListener("click", (event) => pointAt(boxes.place(event)));
answers.addEventListener("choose", ({ detail }) => {
  pointedAt = reading.digits.indexOf(detail);
  choose(detail);
});
details.addEventListener("label", ({ detail }) => keep(detail));
choices.addEventListener("change", readAgain);
gallery.addEventListener("change", showLabel);
document.addEventListener("visibilitychange", async () => {
  if (document.hidden) return;
  await opened;
  await collection.refresh();
  gallery.show();
  showLabel();
});
$("undo").addEventListener("click", undo);
$("clear").addEventListener("click", clear);
$("pen-width").addEventListener("input", ({ target }) => (drawing.penWidth = Number(target.value)));
$("again").addEventListener("click", () => asking.again());
window.addEventListener("online", () => $("again").hidden || asking.again());
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken($("token").value.trim());
});
document.addEventListener("keydown", obeyKeys);
letPicturesIn({ choose: $("choose"), file: $("file"), shot: $("shot") }, readFile, notice);
offerCamera(
  {
    button: $("photograph"),
    shot: $("shot"),
    dialog: $("camera"),
    video: $("viewfinder"),
    note: $("camera-note"),
    shutter: $("shutter"),
    close: $("camera-close"),
  },
  readFile,
);
drawing.penWidth = Number($("pen-width").value); // browsers keep it when a page is loaded again
showPaper();
meetModel();
opened.then(() => gallery.show());
