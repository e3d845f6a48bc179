/**
 * The photos that are selected, in one way for mouse, finger and keyboard: one by one, or from the one selected last
 * to another. `onChange()` is told of every change.
 */
export class Selection {
  #onChange;
  #images = new Map();
  #anchor = null; // id of the photo from which a range begins
  #choosing = false;

  constructor({ onChange }) {
    this.#onChange = onChange;
  }

  get size() {
    return this.#images.size;
  }

  get images() {
    return [...this.#images.values()];
  }

  /** Whether a plain click selects: once something is selected, or when asked for. */
  get choosing() {
    return this.#choosing || this.size > 0;
  }

  has(id) {
    return this.#images.has(id);
  }

  choose() {
    this.#choosing = true;
    this.#onChange();
  }

  toggle(image) {
    if (!this.#images.delete(image.id)) this.#images.set(image.id, image);
    this.#anchor = image.id;
    this.#onChange();
  }

  /** Selects from the anchor to the photo at `position` of `entries`, both included. */
  extend(entries, position) {
    const anchor = entries.findIndex(({ image }) => image.id === this.#anchor);
    const [first, last] = [anchor === -1 ? position : anchor, position].sort((a, b) => a - b);
    if (anchor === -1) this.#anchor = entries[position].image.id;
    this.add(entries.slice(first, last + 1));
  }

  /** The photo from which the next `extend` shall begin, unless there is one. */
  anchorAt(image) {
    this.#anchor ??= image.id;
  }

  add(entries) {
    for (const { image } of entries) this.#images.set(image.id, image);
    this.#onChange();
  }

  clear() {
    this.#images.clear();
    this.#anchor = null;
    this.#choosing = false;
    this.#onChange();
  }
}
