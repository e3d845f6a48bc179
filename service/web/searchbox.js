import { byId } from "./dom.js";
import { text } from "./language.js";

const PAUSE_MS = 250;

/**
 * The box at the top: words, or a photo to search by, which then stands in the box as a chip.
 * `onText(q, { typed })` comes after a pause in typing (`typed`) or when the form is sent.
 */
export class SearchBox {
  #field = byId("q");
  #chip = byId("sought");
  #pause = null;
  #name = null;

  constructor(form, { onText, onPhoto, onClear }) {
    const file = byId("photo-sought");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.#pause);
      if (this.#words || this.#chip.hidden) onText(this.#words, { typed: false });
    });
    const typed = (event) => {
      clearTimeout(this.#pause);
      // Half-composed Japanese or Chinese is no query yet; with a photo in the box, an empty field is none either.
      if (event.isComposing || (!this.#words && !this.#chip.hidden)) return;
      this.#pause = setTimeout(() => onText(this.#words, { typed: true }), PAUSE_MS);
    };
    this.#field.addEventListener("input", typed);
    this.#field.addEventListener("compositionend", typed); // Chromium sends no `input` after it
    byId("by-photo").addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      if (file.files.length) onPhoto(file.files[0]);
      file.value = "";
    });
    this.#chip.querySelector("button").addEventListener("click", () => {
      onClear();
      this.#field.focus();
    });
  }

  get #words() {
    return this.#field.value.trim();
  }

  focus() {
    this.#field.focus();
  }

  showText(q) {
    clearTimeout(this.#pause);
    this.#chip.hidden = true;
    // Writing the same words again would move the cursor of someone who is typing.
    if (this.#words !== q.trim()) this.#field.value = q;
  }

  /** `message` names the text of the chip, `source` is the address of a small picture. */
  showPhoto(message, name, source) {
    clearTimeout(this.#pause);
    this.#field.value = "";
    this.#chip.hidden = false;
    this.#name = { message, name };
    const img = this.#chip.querySelector("img");
    // A HEIC file has no preview in most browsers: then its name has to do.
    img.hidden = false;
    img.onerror = () => (img.hidden = true);
    img.onload = () => URL.revokeObjectURL(source);
    img.src = source;
    this.redraw();
  }

  redraw() {
    if (this.#name) this.#chip.querySelector("span").textContent = text(this.#name.message, { name: this.#name.name });
  }
}
