import { element, icon } from "./dom.js";
import { number, text } from "./language.js";

// Beyond these a photo is cropped in the grid: a panorama would fill a row, a tall one would be a sliver.
const NARROWEST = 0.6;
const WIDEST = 2.4;

/**
 * The grid of photos. An entry is `{ image }`, or `{ image, rank, score, scores }` for a search result.
 * Rows are justified by the style sheet from each tile's aspect ratio, known before the photo is loaded.
 */
export class Gallery {
  #list;
  #onSimilar;
  #onDelete;
  #entries = [];

  constructor(list, { onSimilar, onDelete }) {
    this.#list = list;
    this.#onSimilar = onSimilar;
    this.#onDelete = onDelete;
  }

  get size() {
    return this.#entries.length;
  }

  show(entries) {
    this.#entries = entries;
    this.redraw();
  }

  append(entries) {
    const fresh = this.#unseen(entries);
    this.#entries.push(...fresh);
    this.#list.append(...fresh.map((entry) => this.#tile(entry)));
  }

  prepend(entries) {
    const fresh = this.#unseen(entries);
    this.#entries.unshift(...fresh);
    this.#list.prepend(...fresh.map((entry) => this.#tile(entry)));
  }

  /** Takes a photo out and moves the focus to the one that takes its place. False: it was the last one. */
  remove(id) {
    const position = this.#entries.findIndex(({ image }) => image.id === id);
    if (position === -1) return this.size > 0;
    this.#entries.splice(position, 1);
    this.#list.children[position].remove();
    this.focus(position);
    return this.size > 0;
  }

  /** Moves the focus to the photo at that place; beyond the end, to the last one. */
  focus(position) {
    this.#list.children[Math.min(position, this.size - 1)]?.querySelector("a").focus();
  }

  redraw() {
    // Photos that stay keep their element, so that they don't flicker while someone types.
    const drawn = new Map([...this.#list.querySelectorAll("img")].map((img) => [img.dataset.id, img]));
    this.#list.replaceChildren(...this.#entries.map((entry) => this.#tile(entry, drawn.get(String(entry.image.id)))));
  }

  #unseen(entries) {
    const seen = new Set(this.#entries.map(({ image }) => image.id));
    return entries.filter(({ image }) => !seen.has(image.id));
  }

  #tile(entry, drawn = null) {
    const { image, rank } = entry;
    const name = image.filename;
    const label = rank ? text("openRanked", { name, rank }) : text("open", { name });
    const tile = element(
      "li",
      { class: "tile", "data-id": image.id },
      element(
        "a",
        { class: "photo", href: image.links.file, target: "_blank", rel: "noopener", draggable: "false", "aria-label": label },
        drawn ?? picture(image),
      ),
      element("div", { class: "caption" }, ...this.#facts(entry), this.#actions(image)),
    );
    const ratio = Math.min(WIDEST, Math.max(NARROWEST, image.width / image.height));
    tile.style.setProperty("--ratio", ratio.toFixed(4));
    return tile;
  }

  #facts({ image, rank, score, scores }) {
    if (!rank) return [element("span", { class: "name", title: image.filename }, image.filename)];
    const both = text("scores", scores);
    return [
      element("span", { class: "rank", "aria-hidden": "true" }, String(rank)),
      element("span", { class: "score", title: both, "aria-hidden": "true" }, number(score, 2)),
      element("span", { class: "unseen" }, both),
    ];
  }

  #actions(image) {
    const name = image.filename;
    return element(
      "div",
      { class: "actions" },
      action("similar", text("similar"), text("similarTo", { name }), () => this.#onSimilar(image)),
      action("delete", text("delete"), text("deleteNamed", { name }), () => this.#onDelete(image)),
    );
  }
}

function picture(image) {
  return element("img", {
    src: image.links.thumbnail,
    width: image.width,
    height: image.height,
    alt: "",
    loading: "lazy",
    decoding: "async",
    draggable: "false",
    "data-id": image.id,
  });
}

function action(symbol, label, title, onclick) {
  const attributes = { type: "button", title, "aria-label": title, "data-action": symbol, onclick };
  return element("button", attributes, icon(symbol), element("span", {}, label));
}
