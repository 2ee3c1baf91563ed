// Shows what was kept, and lets it be downloaded or forgotten. Knows the collection and its place
// on the page; where the pictures came from it doesn't.

import { count } from "./wording.js";

const ZIP_NAME = "my-digits.zip";

/** Emits "change" when something was taken away. */
export class Gallery extends EventTarget {
  #collection;
  #elements;
  #invitation;
  #urls = [];

  /** @param elements {list, count, actions, download, forget, forgetting} of the page. */
  constructor(collection, elements) {
    super();
    this.#collection = collection;
    this.#elements = elements;
    this.#invitation = elements.count.textContent;
    const { download, forget, forgetting } = elements;
    download.addEventListener("click", () => this.#download());
    forget.addEventListener("click", () => {
      forgetting.returnValue = "";
      forgetting.showModal();
    });
    forgetting.addEventListener("close", () => {
      if (forgetting.returnValue === "forget") this.#takeAway(() => collection.clear());
    });
  }

  /** Show the collection as it is now, the newest first. */
  show() {
    const { list, count: countElement, actions } = this.#elements;
    const { records } = this.#collection;
    this.#urls.forEach((url) => URL.revokeObjectURL(url));
    this.#urls = [];
    list.replaceChildren(...records.toReversed().map((record) => this.#makeItem(record)));
    actions.hidden = records.length === 0;
    const text = records.length === 0 ? this.#invitation : `${count(records.length, "picture")} kept.`;
    if (countElement.textContent !== text) countElement.textContent = text;
  }

  #makeItem({ id, label, blob }) {
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
    remove.addEventListener("click", () => this.#takeAway(() => this.#collection.remove(id)));
    item.append(remove);
    return item;
  }

  async #takeAway(change) {
    await change();
    this.show();
    const next = this.#elements.list.querySelector("button");
    (next ?? this.#elements.count).focus(); // the button that had the focus is gone
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
