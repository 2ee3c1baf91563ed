// Shows what was kept, and lets it be downloaded or forgotten. Knows the collection and its place
// on the page; where the pictures came from it doesn't.

import { count } from "./wording.js";

const ZIP_NAME = "my-digits.zip";

/** Emits "change" when something was taken away or put back. */
export class Gallery extends EventTarget {
  #collection;
  #elements;
  #invitation;
  #urls = [];
  #takenAway = null;

  /** @param elements {list, count, actions, restore, download, forget, forgetting} of the page. */
  constructor(collection, elements) {
    super();
    this.#collection = collection;
    this.#elements = elements;
    this.#invitation = elements.count.textContent;
    const { restore, download, forget, forgetting } = elements;
    restore.addEventListener("click", () => this.#restore());
    download.addEventListener("click", () => this.#download());
    forget.addEventListener("click", () => {
      forgetting.returnValue = "";
      forgetting.showModal();
    });
    forgetting.addEventListener("close", () => {
      if (forgetting.returnValue === "forget") this.#forgetAll();
    });
  }

  /** Show the collection as it is now, the newest first. */
  show() {
    const { list, count: countElement, actions, restore, download, forget } = this.#elements;
    const { records, isLasting } = this.#collection;
    this.#urls.forEach((url) => URL.revokeObjectURL(url));
    this.#urls = [];
    list.replaceChildren(...records.toReversed().map((record) => this.#makeItem(record)));
    actions.hidden = records.length === 0 && this.#takenAway === null;
    restore.hidden = this.#takenAway === null;
    download.disabled = forget.disabled = records.length === 0;
    const where = isLasting ? "" : " in this tab only: download before you close it";
    const kept = `${count(records.length, "picture")} kept${where}.`;
    const text = records.length === 0 ? this.#invitation : kept;
    if (countElement.textContent !== text) countElement.textContent = text;
  }

  #makeItem(record) {
    const { label, blob } = record;
    const item = document.createElement("li");
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(blob);
    picture.alt = "";
    this.#urls.push(picture.src);
    const name = document.createElement("span");
    name.textContent = `${label} ×`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.title = "Forget this one";
    remove.setAttribute("aria-label", `Forget this ${label}`);
    remove.append(picture, name);
    remove.addEventListener("click", () => this.#takeAway(record));
    item.append(remove);
    return item;
  }

  async #takeAway(record) {
    const place = this.#collection.records.toReversed().indexOf(record);
    await this.#collection.remove(record.id);
    this.#takenAway = record;
    this.#showAndFocus(place); // the button that had the focus is gone
  }

  async #restore() {
    const { id, label, blob, time } = this.#takenAway;
    this.#takenAway = null;
    await this.#collection.put(id, label, blob, time);
    const place = this.#collection.records.toReversed().findIndex((one) => one.id === id);
    this.#showAndFocus(place);
  }

  async #forgetAll() {
    await this.#collection.clear();
    this.#takenAway = null;
    this.#showAndFocus(0);
  }

  #showAndFocus(place) {
    this.show();
    const buttons = this.#elements.list.querySelectorAll("button");
    (buttons[Math.min(place, buttons.length - 1)] ?? this.#elements.count).focus();
    this.dispatchEvent(new Event("change"));
  }

  async #download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await this.#collection.toZip());
    link.download = ZIP_NAME;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the download has begun by then
  }
}
