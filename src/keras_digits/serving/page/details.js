// Why a digit was read so: what the network saw, its belief in each digit, and the question what
// the digit really was. Knows one digit at a time.

import { digitVerdict, doubt, ordinal, percent, withArticle } from "./wording.js";

const NUM_CLASSES = 10;

/** Emits "label" with `detail` 0 to 9 when somebody says what the digit was. */
export class Details extends EventTarget {
  #elements;
  #keys;
  #bars;

  /** @param elements {section, title, why, saw, bars, labels} of the page. */
  constructor(elements) {
    super();
    this.#elements = elements;
    const labels = Array.from({ length: NUM_CLASSES }, (_, label) => label);
    this.#bars = labels.map(makeBar);
    this.#keys = labels.map((label) => this.#makeKey(label));
    elements.bars.append(...this.#bars.map(({ item }) => item));
    elements.labels.append(...this.#keys);
  }

  /**
   * Show a digit.
   *
   * @param digit As the API explains it.
   * @param number The number it belongs to.
   * @param label What somebody said it was, or null.
   */
  show(digit, number, label) {
    const { section, title, why, saw } = this.#elements;
    section.hidden = false;
    const isOnlyOne = number.digits.length === 1;
    const place = ordinal(number.digits.indexOf(digit) + 1);
    const name = withArticle(digit.digit);
    title.textContent = isOnlyOne ? `Why ${name}?` : `Why is the ${place} ${name}?`;
    const isSaid = isOnlyOne && digit.accepted === number.accepted; // by the number's verdict
    const sentences = [isSaid ? "" : digitVerdict(digit), doubt(digit)];
    why.textContent = sentences.filter(Boolean).join(" ");
    why.hidden = why.textContent === "";
    saw.src = `data:image/png;base64,${digit.image}`;
    this.#bars.forEach((bar, one) => fillBar(bar, digit.probabilities[one], one === digit.digit));
    this.showLabel(label);
  }

  /** Mark what somebody said the digit was, or null. */
  showLabel(label) {
    this.#keys.forEach((key, one) => key.setAttribute("aria-pressed", String(one === label)));
  }

  hide() {
    this.#elements.section.hidden = true;
  }

  #makeKey(label) {
    const key = document.createElement("button");
    key.type = "button";
    key.textContent = label;
    key.setAttribute("aria-label", `It was ${withArticle(label)}`);
    key.addEventListener("click", () => {
      this.dispatchEvent(new CustomEvent("label", { detail: label }));
    });
    return key;
  }
}

function makeBar(label) {
  const item = document.createElement("li");
  const [value, track, fill, name, said] = ["span", "span", "span", "span", "span"].map((tag) =>
    document.createElement(tag),
  );
  value.className = "value";
  track.className = "track";
  name.className = "name";
  said.className = "hidden";
  name.textContent = label;
  for (const element of [value, track, name]) element.setAttribute("aria-hidden", "true");
  track.append(fill);
  item.append(value, track, name, said);
  return { item, value, fill, said, label };
}

function fillBar({ item, value, fill, said, label }, probability, isAnswer) {
  item.classList.toggle("taken", isAnswer);
  fill.style.height = `${100 * probability}%`;
  value.textContent = probability >= 0.01 ? Math.round(100 * probability) : "";
  said.textContent = `${label}: ${percent(probability)}`;
}
