// What one may choose: what the picture holds, and how many wrong answers are allowed.
// Knows the network's promises, and which of them it can't make.

import { promise } from "./wording.js";

/** Emits "change" when somebody chose something else. */
export class Choices extends EventTarget {
  #layout;
  #maxError;
  #promises = [];
  /** What the server promises unbidden. */
  usual = 0.05;

  constructor(layoutSelect, maxErrorSelect) {
    super();
    this.#layout = layoutSelect;
    this.#maxError = maxErrorSelect;
    layoutSelect.addEventListener("change", () => {
      this.#offer();
      this.dispatchEvent(new Event("change"));
    });
    maxErrorSelect.addEventListener("change", () => this.dispatchEvent(new Event("change")));
  }

  /** Offer the promises of a model, as the API describes it. */
  setModel({ promises, default_max_error: usual }) {
    this.#promises = promises;
    this.usual = usual;
    this.#maxError.disabled = false;
    this.#maxError.replaceChildren(
      ...promises.map(({ max_error: share }) => new Option(promise(share), share)),
    );
    this.#maxError.value = usual;
    this.#offer();
  }

  /** Whether the network's promises have come. */
  get areKnown() {
    return !this.#maxError.disabled;
  }

  /** What to ask the server for; the usual promise is its own, and may be none at all. */
  get options() {
    const share = Number(this.#maxError.value) || this.usual;
    return { layout: this.#layout.value, max_error: share === this.usual ? null : share };
  }

  /** Bar the promises that can't be made of such a picture. */
  #offer() {
    const kind = this.#layout.value === "digit" ? "single" : "number";
    [...this.#maxError.options].forEach((option, index) => {
      const share = Number(option.value);
      const isPossible = (this.#promises[index]?.[kind] ?? null) !== null;
      option.disabled = !isPossible && share !== this.usual;
      option.textContent = promise(share) + (isPossible ? "" : " (no promise)");
    });
    if (this.#maxError.selectedOptions[0]?.disabled) this.#maxError.value = this.usual;
  }
}
