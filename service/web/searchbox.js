import { byId, element, iconButton } from "./dom.js";
import { text } from "./language.js";

const PAUSE_MS = 180;

/**
 * The box at the top: words, and below them as chips the photos that results shall be like, or unlike.
 * `onText(q, { typed })` comes after a pause in typing (`typed`) or when the form is sent; `onPhoto(file)`;
 * `onDrop(part)` when a chip is removed: `{ photo: true }`, `{ like: id }` or `{ unlike: id }`.
 */
export class SearchBox {
  #field = byId("q");
  #chips = byId("parts");
  #pause = null;
  #onDrop;
  #shown = null;
  #preview = { file: null, address: null };

  constructor(form, { onText, onPhoto, onDrop }) {
    const file = byId("photo-sought");
    this.#onDrop = onDrop;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(this.#pause);
      onText(this.#words, { typed: false });
    });
    const typed = (event) => {
      clearTimeout(this.#pause);
      if (event.isComposing) return; // half-composed Japanese or Chinese is no query yet
      this.#pause = setTimeout(() => onText(this.#words, { typed: true }), PAUSE_MS);
    };
    this.#field.addEventListener("input", typed);
    this.#field.addEventListener("compositionend", typed); // Chromium sends no `input` after it
    byId("by-photo").addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      if (file.files.length) onPhoto(file.files[0]);
      file.value = "";
    });
  }

  get #words() {
    return this.#field.value.trim();
  }

  focus() {
    this.#field.focus();
  }

  /** `imageOf(id)` is the record of a photo, null while it is not known. */
  show(sought, imageOf) {
    clearTimeout(this.#pause);
    // Writing the same words again would move the cursor of someone who is typing.
    if (this.#words !== sought.q) this.#field.value = sought.q;
    this.#shown = [sought, imageOf];
    this.redraw();
  }

  redraw() {
    if (!this.#shown) return;
    const [{ photo, like, unlike }, imageOf] = this.#shown;
    const chips = [];
    if (photo) chips.push(this.#chip("soughtPhoto", photo.name, this.#previewOf(photo), { photo: true }));
    for (const id of like) chips.push(this.#imageChip("soughtSimilar", imageOf(id), { like: id }));
    for (const id of unlike) chips.push(this.#imageChip("soughtUnlike", imageOf(id), { unlike: id }));
    this.#chips.replaceChildren(...chips);
    this.#chips.hidden = chips.length === 0;
  }

  #imageChip(message, image, part) {
    return this.#chip(message, image?.filename ?? "…", image?.links.thumbnail, part);
  }

  #chip(message, name, source, part) {
    const said = text(message, { name });
    const remove = () => {
      this.#onDrop(part);
      this.#field.focus();
    };
    return element(
      "li",
      { class: part.unlike ? "part without" : "part" },
      // A HEIC file has no preview in most browsers: then its name has to do.
      source ? element("img", { alt: "", src: source, onerror: (event) => event.target.remove() }) : null,
      element("span", {}, said),
      iconButton("close", text("dropPart", { part: said }), { onclick: remove }),
    );
  }

  #previewOf(file) {
    if (this.#preview.file !== file) {
      if (this.#preview.address) URL.revokeObjectURL(this.#preview.address);
      this.#preview = { file, address: URL.createObjectURL(file) };
    }
    return this.#preview.address;
  }
}
