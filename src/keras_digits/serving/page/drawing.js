// The paper one draws on: pointer events in, strokes kept as vectors, a PNG out.
// Knows nothing of reading. Every pointer draws alike, however hard it is pressed.

/** Shorter and quicker than this, in pixels and milliseconds, a touch points instead of drawing. */
const TAP = { distance: 4, milliseconds: 250 };

/** So many milliseconds after a pen was last near, a finger draws again. */
const PEN_MS = 5000;

const INK = "#1b1d22";
const PAPER = "#ffffff";

/**
 * Emits "change" when strokes came or went and "resize" when the paper did.
 *
 * A stroke is {width, points: [[x, y], ...]} in CSS pixels. Where the screen turned and the strokes
 * no longer fit, the paper is shown smaller, and has as many more pixels.
 */
export class Drawing extends EventTarget {
  strokes = [];
  penWidth = 12;
  /** Given a place {x, y}, says whether somebody took a tap there, so that it leaves no ink. */
  takesTap = () => false;

  #canvas;
  #scale = 1;
  #past = [];
  #current = null;
  #penTime = -Infinity;
  #frame = 0;

  constructor(canvas) {
    super();
    this.#canvas = canvas;
    new ResizeObserver(() => this.#fit()).observe(canvas);
    this.#fit();
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#end(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
  }

  /** Width and height of the paper, which are those of its PNG. */
  get size() {
    const { clientWidth, clientHeight } = this.#canvas;
    const [width, height] = [clientWidth, clientHeight].map((side) => side / this.#scale);
    return { width: Math.max(1, Math.round(width)), height: Math.max(1, Math.round(height)) };
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  /** Take back the last stroke, or the last clearing. */
  undo() {
    if (!this.canUndo) return;
    this.strokes = this.#past.pop();
    this.#fit();
    this.#changed();
  }

  clear() {
    if (this.isEmpty) return;
    this.#replace([]);
    this.#fit();
  }

  /** The drawing as a picture to read: dark ink on white, and its strokes. */
  async toSource() {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, this.size);
    const strokes = this.strokes;
    const context = canvas.getContext("2d");
    paint(context, strokes);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    return { blob, drawable: canvas, strokes, width: canvas.width, height: canvas.height };
  }

  #begin(event) {
    const isPen = event.pointerType === "pen";
    if (isPen) this.#penTime = event.timeStamp;
    // A hand rests on the screen while it writes with a pen, often before the pen touches it.
    const isPalm = event.pointerType === "touch" && event.timeStamp - this.#penTime < PEN_MS;
    const isFirst = this.#current === null || (isPen && this.#current.isTouch);
    if (isPalm || !isFirst || !event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    const start = { x: event.offsetX, y: event.offsetY, time: event.timeStamp };
    const stroke = { width: this.penWidth, points: [this.#place(event)] };
    this.#current = { id: event.pointerId, isTouch: event.pointerType === "touch", stroke, start };
    this.#draw();
  }

  #move(event) {
    if (event.pointerType === "pen") this.#penTime = event.timeStamp;
    if (event.pointerId !== this.#current?.id) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) {
      this.#current.stroke.points.push(this.#place(one));
    }
    this.#draw();
  }

  #end(event) {
    if (event.pointerId !== this.#current?.id) return;
    const { stroke, start } = this.#current;
    this.#current = null;
    const moved = Math.hypot(event.offsetX - start.x, event.offsetY - start.y);
    const isTap =
      moved < TAP.distance &&
      stroke.points.length < 8 &&
      event.timeStamp - start.time < TAP.milliseconds;
    const [x, y] = stroke.points[0];
    if (isTap && this.takesTap({ x, y })) this.#draw();
    else this.#replace([...this.strokes, stroke]);
  }

  #cancel(event) {
    if (event.pointerId !== this.#current?.id) return;
    this.#current = null;
    this.#draw();
  }

  #replace(strokes) {
    this.#past.push(this.strokes);
    this.strokes = strokes;
    this.#changed();
  }

  #changed() {
    this.#draw();
    this.dispatchEvent(new Event("change"));
  }

  /** Show the paper as large as the screen has it, or smaller where strokes would be cut off. */
  #fit() {
    const { clientWidth, clientHeight } = this.#canvas;
    if (clientWidth === 0 || clientHeight === 0) return;
    let scale = 1;
    for (const { width, points } of this.strokes) {
      for (const [x, y] of points) {
        scale = Math.min(scale, clientWidth / (x + width / 2), clientHeight / (y + width / 2));
      }
    }
    this.#scale = scale;
    this.#draw();
    this.dispatchEvent(new Event("resize"));
  }

  #place(event) {
    return [event.offsetX / this.#scale, event.offsetY / this.#scale];
  }

  #draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const ratio = window.devicePixelRatio || 1;
      const canvas = this.#canvas;
      canvas.width = Math.round(canvas.clientWidth * ratio);
      canvas.height = Math.round(canvas.clientHeight * ratio);
      const context = canvas.getContext("2d");
      context.scale(this.#scale * ratio, this.#scale * ratio);
      paint(context, this.#current ? [...this.strokes, this.#current.stroke] : this.strokes);
    });
  }
}

/** Paint strokes on white, where the context's transform says. */
export function paint(context, strokes) {
  const { canvas } = context;
  context.save();
  context.resetTransform();
  context.fillStyle = PAPER;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.restore();
  context.strokeStyle = INK;
  context.lineCap = context.lineJoin = "round";
  for (const { width, points } of strokes) {
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(...points[0]);
    for (let i = 1; i < points.length - 1; i++) {
      const [[x, y], [nextX, nextY]] = [points[i], points[i + 1]];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    context.lineTo(...points.at(-1));
    context.stroke();
  }
}
