// Draws a box over the picture for each digit read. Knows boxes, and no word of the answer.
// The digits' buttons beside the picture say the same to those who can't see or point.

const SVG = "http://www.w3.org/2000/svg";

/** Room around the ink, as a share of the larger side, so that the box doesn't touch it. */
const AIR = 0.06;

export class Boxes {
  #svg;
  #digits = [];

  constructor(svg) {
    this.#svg = svg;
  }

  /** Lay the boxes' coordinates over a picture of this size. */
  setSize({ width, height }) {
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  /** Show boxes for digits, each {digit, box, accepted}. */
  show(digits) {
    this.#digits = digits;
    this.#svg.replaceChildren(...digits.map(boxElement));
  }

  /** Mark the digit that is looked at. */
  choose(digit) {
    this.#digits.forEach((one, index) => {
      this.#svg.children[index].classList.toggle("chosen", one === digit);
    });
  }

  /** The digit whose box is around a place {x, y}; of several, the smallest; or null. */
  at({ x, y }) {
    const around = this.#digits.filter(({ box: [left, top, width, height] }) => {
      const air = AIR * Math.max(width, height);
      const isBeside = x < left - air || x > left + width + air;
      return !isBeside && y >= top - air && y <= top + height + air;
    });
    const area = ({ box }) => box[2] * box[3];
    return around.sort((one, other) => area(one) - area(other))[0] ?? null;
  }

  /** Where on the picture an event of the mouse or a finger is. */
  place(event) {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      this.#svg.getScreenCTM().inverse(),
    );
    return { x, y };
  }
}

function boxElement({ digit, box: [x, y, width, height], accepted }) {
  const air = AIR * Math.max(width, height);
  const group = document.createElementNS(SVG, "g");
  group.classList.toggle("declined", accepted === false);
  const frame = document.createElementNS(SVG, "rect");
  const sides = { x: x - air, y: y - air, width: width + 2 * air, height: height + 2 * air, rx: air };
  for (const [name, value] of Object.entries(sides)) frame.setAttribute(name, value);
  const title = document.createElementNS(SVG, "title");
  title.textContent = digit;
  group.append(frame, title);
  return group;
}
