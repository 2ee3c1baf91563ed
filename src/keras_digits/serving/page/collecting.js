// Keeps pictures of digits with what they were, in this browser, and hands them out as a ZIP of
// folders 0/ to 9/, the form that `digits train --data` and `digits evaluate --data` take.

import { paint } from "./drawing.js";
import { zip } from "./zip.js";

const DATABASE = "keras-digits";
const STORE = "kept";

/** Paper around a digit, as a share of its larger side. */
const MARGIN = 0.3;
const LEAST_MARGIN = 6;

/** A stroke is a digit's own when this share of its points lies in the digit's box, and less of it
 * in any other's. */
const OWN = 0.7;

/** The larger side of a picture that is kept, in pixels: networks see 28. */
const MOST_PIXELS = 256;
const FEWEST_PIXELS = 64;

/** What is kept: records {id, label, blob, time}, oldest first. */
export class Collection {
  records = [];
  /** Whether all of it will be here on the next visit: not in a private window, or a full browser. */
  isLasting = true;

  #database = null;

  /** Bring back what was kept before. A browser that stores nothing keeps it for this visit. */
  async open() {
    try {
      const opening = indexedDB.open(DATABASE, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
      this.#database = await finished(opening);
      await this.refresh();
    } catch {
      this.isLasting = false;
    }
  }

  /** Learn what other tabs kept and forgot meanwhile. */
  async refresh() {
    if (this.#database === null || !this.isLasting) return;
    const store = this.#database.transaction(STORE, "readonly").objectStore(STORE);
    const records = await finished(store.getAll());
    this.records = records.sort((one, other) => one.time - other.time);
  }

  /** Keep a picture, instead of the one with this id where there is one. */
  async put(id, label, blob, time = Date.now()) {
    const record = { id, label, blob, time };
    const others = this.records.filter((one) => one.id !== id);
    this.records = [...others, record].sort((one, other) => one.time - other.time);
    await this.#write((store) => store.put(record));
  }

  async remove(id) {
    this.records = this.records.filter((one) => one.id !== id);
    await this.#write((store) => store.delete(id));
  }

  async clear() {
    this.records = [];
    await this.#write((store) => store.clear());
  }

  /** What somebody said of the picture with this id, or null. */
  labelOf(id) {
    return this.records.find((one) => one.id === id)?.label ?? null;
  }

  /** All of it as a ZIP file: 4/20261128093015123.png is a 4 that was kept at that time, so that
   * what is unzipped later takes the place of nothing. */
  async toZip() {
    const date = new Date();
    const files = this.records.map(async ({ label, blob, time }) => {
      const name = `${label}/${new Date(time).toISOString().replace(/\D/g, "")}.png`;
      return { name, bytes: new Uint8Array(await blob.arrayBuffer()), date };
    });
    return zip(await Promise.all(files));
  }

  /** What can't be written lives on in this page. */
  async #write(change) {
    try {
      const transaction = this.#database.transaction(STORE, "readwrite");
      change(transaction.objectStore(STORE));
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
    } catch {
      this.isLasting = false;
    }
  }
}

/**
 * A digit alone, as PNG: dark on light as it was written, with a little paper around.
 *
 * @param digit As the API explains it.
 * @param others The picture's other digits, which are to stay outside.
 * @param source {drawable, width, height, strokes}: the picture; without a drawable, what the
 *     network saw is taken, which `--data` takes as well.
 */
export async function cropDigit(digit, others, source) {
  if (!source.drawable) {
    const bytes = Uint8Array.from(atob(digit.image), (one) => one.charCodeAt(0));
    return new Blob([bytes], { type: "image/png" });
  }
  const strokes = strokesOf(digit, others, source.strokes ?? []);
  const area = strokes.length > 0 ? areaOf(strokes) : areaAround(digit, others, source);
  const scale = scaleOf(area);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(area.width * scale));
  canvas.height = Math.max(1, Math.round(area.height * scale));
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.translate(-area.left, -area.top);
  if (strokes.length > 0) paint(context, strokes);
  else context.drawImage(source.drawable, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** Where to cut: the box and a margin, inside the picture, and short of the other digits. */
function areaAround({ box: [x, y, width, height] }, others, source) {
  const margin = marginOf(width, height);
  let [left, top] = [Math.max(0, x - margin), Math.max(0, y - margin)];
  let [right, bottom] = [x + width + margin, y + height + margin];
  right = Math.min(source.width, right);
  bottom = Math.min(source.height, bottom);
  for (const { box } of others) {
    const [otherRight, otherBottom] = [box[0] + box[2], box[1] + box[3]];
    const isOnTheseRows = box[1] < bottom && otherBottom > top;
    const isOverThese = box[0] < right && otherRight > left;
    if (!isOnTheseRows || !isOverThese) continue;
    if (otherRight <= x) left = Math.max(left, (otherRight + x) / 2);
    else if (box[0] >= x + width) right = Math.min(right, (box[0] + x + width) / 2);
    else if (otherBottom <= y) top = Math.max(top, (otherBottom + y) / 2);
    else if (box[1] >= y + height) bottom = Math.min(bottom, (box[1] + y + height) / 2);
  }
  return { left, top, width: right - left, height: bottom - top };
}

function scaleOf({ width, height }) {
  const side = Math.max(width, height);
  return Math.min(Math.max(1, FEWEST_PIXELS / side), MOST_PIXELS / side);
}

/** The strokes of this digit alone, so that a neighbour which hangs over it stays outside; none
 * where a stroke goes on through another digit. */
function strokesOf(digit, others, strokes) {
  const belongings = strokes.map((stroke) => {
    const own = shareIn(digit.box, stroke);
    const foreign = Math.max(0, ...others.map(({ box }) => shareIn(box, stroke)));
    if (own >= OWN && own > foreign) return "own";
    return own <= 1 - OWN || (foreign >= OWN && foreign > own) ? "foreign" : "unclear";
  });
  if (belongings.includes("unclear")) return [];
  return strokes.filter((_, index) => belongings[index] === "own");
}

/** The share of a stroke's points that lies in a box. */
function shareIn([x, y, width, height], { points }) {
  const isInside = ([px, py]) => px >= x && px <= x + width && py >= y && py <= y + height;
  return points.filter(isInside).length / points.length;
}

/** Where strokes are, with a margin. */
function areaOf(strokes) {
  const all = strokes.flatMap(({ width, points }) => points.map(([x, y]) => [x, y, width / 2]));
  const left = Math.min(...all.map(([x, , radius]) => x - radius));
  const top = Math.min(...all.map(([, y, radius]) => y - radius));
  const width = Math.max(...all.map(([x, , radius]) => x + radius)) - left;
  const height = Math.max(...all.map(([, y, radius]) => y + radius)) - top;
  const margin = marginOf(width, height);
  return {
    left: left - margin,
    top: top - margin,
    width: width + 2 * margin,
    height: height + 2 * margin,
  };
}

function marginOf(width, height) {
  return Math.max(LEAST_MARGIN, MARGIN * Math.max(width, height));
}

/** A request of IndexedDB as a promise. */
function finished(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
