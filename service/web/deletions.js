import { byId, write } from "./dom.js";
import { text } from "./language.js";

const UNDO_MS = 10_000;

/**
 * Deletions are held back here for as long as they can be undone: the photos are out of sight at once, and the server
 * is told when the time has passed, when others are deleted, or when the page is left.
 *
 * `send(collection, ids, { leaving })` is api.removeMany, `present(collection, ids)` is api.present; `onHide(images)`,
 * `onRestore(images)`, `onGone(images)`; and `onFail(problem, again)` when the server refuses, after the photos that
 * it still has are back.
 */
export class Deletions {
  #send;
  #present;
  #on;
  #held = null; // { collection, images }
  #timer = null;
  #root = byId("undo");

  constructor({ send, present, ...on }) {
    this.#send = send;
    this.#present = present;
    this.#on = on;
    byId("undo-button").addEventListener("click", () => this.undo());
    addEventListener("pagehide", () => this.#commit({ leaving: true }));
    // Whoever is about to press the button shall have the time for it.
    for (const kind of ["pointerenter", "focusin"]) this.#root.addEventListener(kind, () => clearTimeout(this.#timer));
    for (const kind of ["pointerleave", "focusout"]) this.#root.addEventListener(kind, () => this.#wait());
  }

  get pending() {
    return this.#held !== null;
  }

  hold(images) {
    if (!images.length) return;
    this.#commit();
    this.#held = { collection: images[0].collection, images };
    this.#on.onHide(images);
    this.draw();
    this.#wait();
  }

  undo() {
    if (!this.#held) return;
    const { images } = this.#held;
    this.#clear();
    this.#on.onRestore(images);
  }

  draw() {
    this.#root.hidden = !this.#held;
    if (!this.#held) return;
    const { images } = this.#held;
    write(byId("undo-text"), text("deleted", { count: images.length, name: images[0].filename }));
  }

  #wait() {
    clearTimeout(this.#timer);
    if (this.#held) this.#timer = setTimeout(() => this.#commit(), UNDO_MS);
  }

  #clear() {
    clearTimeout(this.#timer);
    this.#held = null;
    this.draw();
  }

  async #commit({ leaving = false } = {}) {
    if (!this.#held) return;
    const { collection, images } = this.#held;
    this.#clear();
    try {
      await this.#send(collection, images.map(({ id }) => id), { leaving });
      this.#on.onGone(images);
    } catch (problem) {
      const left = await this.#left(collection, images);
      this.#on.onGone(images.filter((image) => !left.includes(image)));
      this.#on.onRestore(left);
      this.#on.onFail(problem, () => this.hold(left));
    }
  }

  /** What failed may have failed on its way. */
  async #left(collection, images) {
    try {
      const present = await this.#present(collection, images.map(({ id }) => id));
      return images.filter(({ id }) => present.has(id));
    } catch {
      return images; // nobody knows: better a photo too many than one that seems to be gone
    }
  }
}
