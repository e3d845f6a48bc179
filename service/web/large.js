import { byId, write } from "./dom.js";
import { drawDetails } from "./details.js";
import { number, text } from "./language.js";
import { larger, suffices } from "./sizes.js";

const SWIPE_PX = 60;

/**
 * One photo in large, with all that is known of it, over the page; keys, buttons and swipes lead to the next.
 * `on.step(position)` asks for another photo of the grid, `on.close()`, `on.similar(image)`, `on.unlike(image)`,
 * `on.remove(images)`, `on.changed(image)`.
 */
export class Large {
  #dialog = byId("large");
  #picture = byId("large-picture");
  #on;
  #entry = null;
  #position = -1;
  #size = 0;
  #sharp = null; // on its way

  constructor(on) {
    this.#on = on;
    this.#dialog.addEventListener("close", () => {
      if (this.#dialog.open) return; // the event comes a moment after the closing
      this.#dropSharp();
      on.close();
    });
    this.#dialog.addEventListener("keydown", (event) => this.#pressed(event));
    this.#dialog.addEventListener("click", (event) => this.#clicked(event));
    this.#dialog.addEventListener("cancel", (event) => {
      if (this.#dialog.querySelector("form")) event.preventDefault(); // or captions that are being written were lost
    });
    this.#watchSwipes();
  }

  get open() {
    return this.#dialog.open;
  }

  /** `position` among the `size` photos of the grid; -1 where the photo is not one of them. */
  show(entry, position, { size, neighbours }) {
    this.#entry = entry;
    this.#position = position;
    this.#size = size;
    this.#drawPicture();
    this.#draw();
    if (!this.#dialog.open) this.#dialog.showModal();
    byId("large-scroll").scrollTo(0, 0);
    for (const { image } of neighbours) new Image().src = image.links.thumbnail; // on the way before it is asked for
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }

  /** The grid has `size` photos now. */
  grow(size) {
    this.#size = size;
    this.#drawPlace();
  }

  #draw() {
    const { image, rank } = this.#entry;
    this.#drawPlace();
    this.#dialog.querySelector("[data-large=unlike]").hidden = !rank;
    this.#dialog.querySelector("[data-large=original]").href = image.links.file;
    drawDetails(byId("details"), this.#entry, { onChange: (changed) => this.#changed(changed) });
  }

  #drawPlace() {
    const place = { position: number(this.#position + 1), size: number(this.#size) };
    write(byId("large-place"), this.#position === -1 ? "" : text("place", place));
    byId("large-previous").disabled = this.#position <= 0;
    byId("large-next").disabled = this.#position === -1 || this.#position >= this.#size - 1;
  }

  #changed(image) {
    this.#entry = { ...this.#entry, image };
    this.#on.changed(image);
  }

  #drawPicture() {
    const { image } = this.#entry;
    const picture = this.#picture;
    picture.alt = text("photoNamed", { name: image.filename });
    picture.width = image.width;
    picture.height = image.height;
    picture.src = image.links.thumbnail;
    this.#dropSharp();
    // Browsers can't show every original (HEIC); they can show each thumbnail.
    const sources = [...(suffices(image) ? [] : [image.links.file]), larger(image)];
    this.#sharpen(sources.filter(Boolean));
  }

  /** The thumbnail stands until the first of `sources` that can be shown is there whole. */
  async #sharpen(sources) {
    const sharp = new Image();
    this.#sharp = sharp;
    for (const source of sources) {
      sharp.src = source;
      const shows = await sharp.decode().then(
        () => true,
        () => false,
      );
      if (this.#sharp !== sharp) return;
      if (shows) {
        this.#picture.src = source;
        return;
      }
    }
  }

  /** Whoever leafs on waits for another one: the line is for that. */
  #dropSharp() {
    this.#sharp?.removeAttribute("src");
    this.#sharp = null;
  }

  #pressed(event) {
    if (event.target.closest("input, textarea, select") || event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 };
    const far = { Home: 0, End: this.#size - 1 };
    if (event.key in steps) this.#step(this.#position + steps[event.key]);
    else if (event.key in far) this.#step(far[event.key]);
    else if (event.key === "Delete") this.#on.remove([this.#entry.image]);
    else return;
    event.preventDefault();
  }

  #clicked(event) {
    const action = event.target.closest("[data-large]")?.dataset.large;
    const { image } = this.#entry;
    const actions = {
      close: () => this.close(),
      previous: () => this.#step(this.#position - 1),
      next: () => this.#step(this.#position + 1),
      similar: () => this.#on.similar(image),
      unlike: () => this.#on.unlike(image),
      delete: () => this.#on.remove([image]),
    };
    actions[action]?.();
  }

  #step(position) {
    if (this.#position === -1 || position < 0 || position >= this.#size || position === this.#position) return;
    this.#on.step(position);
    // A button that is switched off at the end loses the focus, and with it the keys.
    if (!this.#dialog.contains(document.activeElement) || document.activeElement.disabled) {
      this.#dialog.querySelector("[data-large=close]").focus();
    }
  }

  #watchSwipes() {
    let from = null;
    this.#picture.addEventListener("touchstart", ({ touches }) => {
      from = touches.length === 1 ? touches[0].clientX : null;
    }, { passive: true });
    this.#picture.addEventListener("touchend", ({ changedTouches }) => {
      const way = from === null ? 0 : changedTouches[0].clientX - from;
      if (Math.abs(way) > SWIPE_PX) this.#step(this.#position + (way < 0 ? 1 : -1));
    });
  }
}
