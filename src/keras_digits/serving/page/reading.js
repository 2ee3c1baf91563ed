// Asks the server: what a picture says, and which network reads. Knows the API and no element.

const DEBOUNCE_MS = 150;
const TOKEN_KEY = "keras-digits-token";
const LONGEST_WAIT_SECONDS = 30;

/**
 * Sends one request at a time; the newest wins.
 *
 * What came of it goes to `show`, as an object of one of these kinds:
 *   {kind: "reading"}                    on its way
 *   {kind: "read", source, numbers, options}
 *   {kind: "refused", message}           the server's own words
 *   {kind: "locked", message}            it wants a token, or another one
 *   {kind: "busy", seconds}              it is asked again by itself after so long
 *   {kind: "away"}                       nobody answered
 */
export class Asking {
  /** The most bytes a picture may have, once the server has said so. */
  maxBytes = Infinity;

  #show;
  #timer = 0;
  #controller = null;
  #latest = null;

  constructor(show) {
    this.#show = show;
  }

  /**
   * Have a picture read.
   *
   * @param toSource Gives, when its time has come, {blob, ...} or a promise of it.
   * @param options {layout, max_error}; what is null is left to the server.
   * @param delay Milliseconds to wait for something newer.
   */
  ask(toSource, options, delay = DEBOUNCE_MS) {
    this.cancel();
    this.#latest = { toSource, options };
    this.#timer = setTimeout(() => this.#run(), delay);
  }

  /** Ask once more what was asked last. */
  again() {
    if (this.#latest) this.ask(this.#latest.toSource, this.#latest.options, 0);
  }

  /** Forget whatever is asked for. */
  cancel() {
    clearTimeout(this.#timer);
    this.#controller?.abort();
    this.#latest = null;
  }

  /** What the server says of its network, or null where it doesn't say; `show` hears why. */
  async model() {
    try {
      const response = await fetch("/v1/model", { headers: authorization() });
      if (response.status === 401) this.#show({ kind: "locked", message: lockedMessage() });
      const model = response.ok ? await response.json() : null;
      this.maxBytes = model?.limits?.max_bytes ?? Infinity;
      return model;
    } catch {
      return null;
    }
  }

  async #run() {
    const controller = new AbortController();
    this.#controller = controller;
    const { toSource, options } = this.#latest;
    this.#show({ kind: "reading" });
    let outcome;
    try {
      outcome = await this.#send(await toSource(), options, controller.signal);
    } catch {
      outcome = { kind: "away" };
    }
    if (controller.signal.aborted) return;
    if (outcome.kind === "busy") {
      this.#timer = setTimeout(() => this.#run(), outcome.seconds * 1000);
    }
    this.#show(outcome);
  }

  async #send(source, options, signal) {
    const { blob } = source;
    if (blob.size > this.maxBytes) {
      const [size, most] = [blob.size, this.maxBytes].map((bytes) => Math.ceil(bytes / 1e6));
      return refused(`This file has ${size} MB; pictures may have up to ${most} MB. Shrink it.`);
    }
    const response = await fetch(`/v1/read?${query(options)}`, {
      method: "POST",
      body: blob,
      headers: { "Content-Type": pictureType(blob), ...authorization() },
      signal,
    });
    if (response.status === 503) return { kind: "busy", seconds: retryAfter(response) };
    const answer = await response.json().catch(() => null);
    if (response.status === 401) return { kind: "locked", message: lockedMessage() };
    if (!response.ok || answer === null) {
      return refused(answer?.error ?? `The reader failed (${response.status}).`);
    }
    return answer.error ? refused(answer.error) : { kind: "read", source, options, ...answer };
  }
}

let token = storedToken();

/** Keep the token for this tab's life, or the page's where the browser lets nothing be kept. */
export function setToken(given) {
  token = given;
  try {
    sessionStorage.setItem(TOKEN_KEY, given);
  } catch {
    // the page has it
  }
}

/** Whether the server is sent a token. */
export function hasToken() {
  return Boolean(token);
}

function storedToken() {
  try {
    return sessionStorage.getItem(TOKEN_KEY);
  } catch {
    return null;
  }
}

function authorization() {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function lockedMessage() {
  return token
    ? "The reader does not know this token."
    : "The reader wants a token from you.";
}

function query(options) {
  const given = Object.entries(options).filter(([, value]) => value !== null);
  return new URLSearchParams([...given, ["explain", "true"]]);
}

/** The server looks into the file, so that any other type may as well be an unknown one. */
function pictureType(blob) {
  return blob.type.startsWith("image/") ? blob.type : "application/octet-stream";
}

function retryAfter(response) {
  const seconds = Number.parseFloat(response.headers.get("Retry-After")) || 1;
  return Math.min(Math.max(seconds, 1), LONGEST_WAIT_SECONDS);
}

function refused(message) {
  return { kind: "refused", message };
}
