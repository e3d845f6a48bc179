import { across, placed, within } from "./rows.js";
import { sharpenSoon } from "./sizes.js";
import { dropPicture, place, tile } from "./tile.js";

const GAP = 6;
const FOOT = 36; // below each search result stand its rank and score
const AHEAD = 1; // screens above and below the window for which tiles are kept

/**
 * The grid of photos, of any number: only those near the window are in the document. One photo is the active one, to
 * which the tabulator leads; the arrow keys make others it (see steps.js).
 */
export class Gallery {
  #list;
  #hrefOf;
  #hidden = new Set(); // ids of photos that are about to be deleted
  #all = [];
  #entries = []; // those of #all that are not hidden
  #places = { boxes: [], rows: [], height: 0 };
  #drawn = new Map(); // id -> tile
  #active = 0; // position
  #width = 0;
  #frame = 0;
  #selected = () => false;

  /** `hrefOf(image)` is the address of its large view. */
  constructor(list, { hrefOf }) {
    this.#list = list;
    this.#hrefOf = hrefOf;
    new ResizeObserver(() => {
      if (list.clientWidth !== this.#width) this.#place();
    }).observe(list);
    addEventListener("scroll", () => this.#schedule(), { passive: true });
    addEventListener("resize", () => this.#schedule());
    list.addEventListener("focusin", ({ target }) => this.#activate(this.positionOf(target)));
  }

  get size() {
    return this.#entries.length;
  }

  get entries() {
    return this.#entries;
  }

  get active() {
    return this.#active;
  }

  show(entries) {
    this.#all = entries;
    this.#active = 0;
    this.#sift();
  }

  append(entries) {
    this.#all.push(...this.#unseen(entries));
    this.#sift();
  }

  prepend(entries) {
    this.#all.unshift(...this.#unseen(entries));
    this.#sift();
  }

  /** Takes photos out of sight, or back into it; the focus moves to the one that takes the place of a hidden one. */
  hide(ids, hidden = true) {
    const focused = this.#list.contains(document.activeElement);
    for (const id of ids) hidden ? this.#hidden.add(id) : this.#hidden.delete(id);
    const before = this.#entries.slice(0, this.#active).filter(({ image }) => this.#hidden.has(image.id)).length;
    this.#active = Math.max(0, this.#active - before);
    this.#sift();
    if (focused) this.focus(this.#active);
  }

  /** Photos that are gone for good. */
  forget(ids) {
    const gone = new Set(ids);
    this.#all = this.#all.filter(({ image }) => !gone.has(image.id));
    this.#sift();
  }

  /** A photo whose record has changed. */
  update(image) {
    this.#all = this.#all.map((entry) => (entry.image.id === image.id ? { ...entry, image } : entry));
    this.#sift();
  }

  /** Draws every tile anew: the language or the selection has changed. */
  redraw() {
    const pictures = new Map([...this.#drawn].map(([id, node]) => [id, node.querySelector("img")]));
    const focused = this.#list.contains(document.activeElement);
    this.#list.replaceChildren();
    this.#drawn.clear();
    this.#draw(pictures);
    if (focused) this.focus(this.#active);
  }

  /** `selected(id)` tells which photos wear a check. */
  mark(selected) {
    this.#selected = selected;
    for (const [id, node] of this.#drawn) this.#markTile(node, id);
  }

  positionOf(node) {
    const id = Number(node.closest("[data-id]")?.dataset.id);
    return this.#entries.findIndex(({ image }) => image.id === id);
  }

  /** The position that an arrow key leads to from the active photo; null where there is none. */
  step(key) {
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (sideways) return this.#entries[this.#active + sideways] ? this.#active + sideways : null;
    return across(this.#places, this.#active, key === "ArrowUp" ? -1 : 1);
  }

  /** Moves the focus to the photo at that place, into sight; beyond the end, to the last one. */
  focus(position) {
    if (!this.size) return;
    this.#activate(Math.min(position, this.size - 1));
    this.reveal(this.#active);
    this.#draw();
    this.#tileAt(this.#active).querySelector("a").focus({ preventScroll: true });
  }

  reveal(position) {
    const { y, height } = this.#places.boxes[position];
    const top = this.#list.getBoundingClientRect().top + scrollY + y;
    const covered = document.querySelector(".bar").offsetHeight + 2 * GAP;
    if (top < scrollY + covered) scrollTo({ top: top - covered, behavior: "instant" });
    const bottom = top + height + this.#foot + 2 * GAP;
    if (bottom > scrollY + innerHeight) scrollTo({ top: bottom - innerHeight, behavior: "instant" });
  }

  get #foot() {
    return this.#entries[0]?.rank ? FOOT : 0;
  }

  #unseen(entries) {
    const seen = new Set(this.#all.map(({ image }) => image.id));
    return entries.filter(({ image }) => !seen.has(image.id));
  }

  #sift() {
    this.#entries = this.#hidden.size ? this.#all.filter(({ image }) => !this.#hidden.has(image.id)) : this.#all;
    this.#active = Math.max(0, Math.min(this.#active, this.size - 1));
    this.#place();
  }

  #place() {
    this.#width = this.#list.clientWidth;
    const ratios = this.#entries.map(({ image }) => image.width / image.height);
    const ranked = this.#foot > 0;
    this.#places = placed(ratios, {
      width: this.#width,
      row: innerHeight < 600 ? 150 : 215,
      column: ranked ? 150 : 110,
      gap: this.#width < 500 && !ranked ? 3 : GAP,
      foot: this.#foot,
    });
    this.#list.style.setProperty("height", `${this.#places.height}px`);
    this.#draw();
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(pictures = new Map()) {
    const top = -this.#list.getBoundingClientRect().top;
    const margin = AHEAD * innerHeight;
    const [first, end] = within(this.#places, top - margin, top + innerHeight + margin);
    const positions = Array.from({ length: end - first }, (_, step) => first + step);
    const focused = this.#list.contains(document.activeElement);
    if (focused && this.#active < first) positions.unshift(this.#active); // or the focus would be lost
    if (focused && this.#active >= end) positions.push(this.#active);
    const wanted = new Set(positions.map((position) => this.#entries[position]?.image.id));
    for (const [id, node] of this.#drawn) {
      if (wanted.has(id)) continue;
      dropPicture(node);
      node.remove();
      this.#drawn.delete(id);
    }
    let next = this.#list.firstElementChild;
    for (const position of positions.filter((one) => this.#entries[one])) {
      const stays = next && next === this.#drawn.get(this.#entries[position].image.id);
      const node = this.#drawnTile(position, pictures);
      if (stays) next = node; // drawn anew in its place, if its rank or score has changed
      if (node === next) next = next.nextElementSibling;
      else this.#list.insertBefore(node, next);
    }
    sharpenSoon(() => this.#drawn.values());
  }

  #drawnTile(position, pictures) {
    const entry = this.#entries[position];
    const { id } = entry.image;
    let node = this.#drawn.get(id);
    if (node?.entry !== entry) {
      const old = node?.querySelector("img") ?? pictures.get(id);
      const fresh = tile(entry, { href: this.#hrefOf(entry.image), drawn: old });
      node?.replaceWith(fresh);
      node = fresh;
      node.entry = entry;
      this.#drawn.set(id, node);
      this.#markTile(node, id);
    }
    const box = this.#places.boxes[position];
    if (node.box !== box) {
      place(node, box);
      node.box = box;
      node.setAttribute("aria-posinset", position + 1);
      node.setAttribute("aria-setsize", this.size);
      this.#reach(node, position === this.#active);
    }
    return node;
  }

  #tileAt(position) {
    return this.#drawn.get(this.#entries[position]?.image.id);
  }

  #activate(position) {
    if (position === -1 || position === this.#active) return;
    const [old, fresh] = [this.#tileAt(this.#active), this.#tileAt(position)];
    this.#active = position;
    if (old) this.#reach(old, false);
    if (fresh) this.#reach(fresh, true);
  }

  #reach(node, reachable) {
    for (const control of node.querySelectorAll("a, button")) control.tabIndex = reachable ? 0 : -1;
  }

  #markTile(node, id) {
    const selected = this.#selected(id);
    node.toggleAttribute("data-selected", selected);
    node.querySelector(".check").setAttribute("aria-pressed", selected);
  }
}
