// The answer: numbers as rows of large digits, each of which is a button. Knows the keyboard's way
// through them. Why a digit was read so is another module's business.

import { percent, verdict } from "./wording.js";

/** So many digits on one row are written large; more of them, or more rows, smaller. */
const FEW_DIGITS = 5;

/** Emits "choose" with `detail` the digit when somebody chooses a digit. */
export class Answers extends EventTarget {
  #list;
  #verdict;
  #maxError = 0;
  #numbers = [];
  /** Rows of {button, digit, number}, as they stand on the page. */
  #rows = [];

  constructor(list, verdictElement) {
    super();
    this.#list = list;
    this.#verdict = verdictElement;
    list.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** Show numbers, as the API gives them. */
  show(numbers, maxError) {
    this.#numbers = numbers;
    this.#maxError = maxError;
    this.#rows = numbers.map((number, row) =>
      number.digits.map((digit, column) => this.#makeButton(number, digit, row, column)),
    );
    const isLarge = numbers.length === 1 && numbers[0].digits.length <= FEW_DIGITS;
    this.#list.classList.toggle("large", isLarge);
    this.#list.replaceChildren(...numbers.map((number, row) => this.#makeRow(number, row)));
  }

  /** Show no number, but a line of text. */
  say(text) {
    this.show([], 0);
    this.#verdict.textContent = text;
    this.#verdict.classList.remove("declined", "accepted");
  }

  /** Mark a digit as the one looked at, and say of its number whether it is accepted. */
  choose(digit) {
    for (const one of this.#rows.flat()) {
      const isChosen = one.digit === digit;
      one.button.setAttribute("aria-pressed", String(isChosen));
      one.button.tabIndex = isChosen ? 0 : -1;
      if (isChosen) this.#judge(one.number);
    }
  }

  /** Scroll the list, and nothing else, to where a digit can be seen. */
  reveal(digit) {
    const found = this.#rows.flat().find((one) => one.digit === digit);
    const { offsetTop: top, offsetHeight: height } = found.button.closest("li");
    const { scrollTop, clientHeight } = this.#list;
    if (top < scrollTop) this.#list.scrollTop = top;
    if (top + height > scrollTop + clientHeight) this.#list.scrollTop = top + height - clientHeight;
  }

  #judge(number) {
    const name = this.#numbers.length > 1 ? `${number.text}. ` : "";
    this.#verdict.textContent = name + verdict(number, this.#maxError);
    this.#verdict.classList.toggle("declined", number.accepted === false);
    this.#verdict.classList.toggle("accepted", number.accepted === true);
  }

  #makeButton(number, digit, row, column) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = digit.digit;
    button.classList.toggle("declined", digit.accepted === false);
    const place = `digit ${column + 1} of ${number.digits.length}`;
    const where = this.#numbers.length > 1 ? `${place}, number ${row + 1}` : place;
    button.setAttribute("aria-label", `${digit.digit}, ${percent(digit.confidence)} sure, ${where}`);
    button.addEventListener("click", () => this.#emit(digit));
    return { button, digit, number };
  }

  #makeRow(number, row) {
    const item = document.createElement("li");
    item.classList.toggle("declined", number.accepted === false);
    const digits = document.createElement("span");
    digits.className = "digits";
    digits.append(...this.#rows[row].map(({ button }) => button));
    item.append(digits);
    if (this.#numbers.length > 1) {
      const note = document.createElement("span");
      note.className = "soft";
      note.textContent = (number.accepted === false ? "declined, " : "") + percent(number.confidence);
      item.append(note);
    }
    return item;
  }

  /** Arrow keys, Home and End move between digits; the one that is reached is chosen. */
  #walk(event) {
    const row = this.#rows.findIndex((all) => all.some(({ button }) => button === event.target));
    if (row < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const column = this.#rows[row].findIndex(({ button }) => button === event.target);
    const flat = this.#rows.flat();
    const index = flat.findIndex(({ button }) => button === event.target);
    const beside = (next) => next && (next[column] ?? next.at(-1));
    const target = {
      ArrowLeft: () => flat[index - 1],
      ArrowRight: () => flat[index + 1],
      ArrowUp: () => beside(this.#rows[row - 1]),
      ArrowDown: () => beside(this.#rows[row + 1]),
      Home: () => flat[0],
      End: () => flat.at(-1),
    }[event.key]?.();
    if (!target) return;
    event.preventDefault();
    target.button.focus();
    this.#emit(target.digit);
  }

  #emit(digit) {
    this.dispatchEvent(new CustomEvent("choose", { detail: digit }));
  }
}
