import { NEWEST } from "./address.js";
import { byId, element, iconButton, placeBelow } from "./dom.js";
import { day, text } from "./language.js";

/**
 * The filter: a form in a panel, and below the heading a chip for each thing it asks for, which the chip's button takes
 * away; and the order of the list. `on.filter(fields)`, fields as in filter.js, and `on.sort(sort)`.
 */
export class FilterPanel {
  #button = byId("filter");
  #panel = byId("filter-panel");
  #chips = byId("filter-chips");
  #sort = byId("sort");
  #on;
  #fields = {};
  #drawn = "";

  constructor(on) {
    this.#on = on;
    const form = this.#panel.querySelector("form");
    this.#panel.addEventListener("toggle", ({ newState }) => {
      this.#button.setAttribute("aria-expanded", newState === "open");
      if (newState === "open") placeBelow(this.#panel, this.#button);
    });
    this.#panel.addEventListener("beforetoggle", ({ newState }) => newState === "open" && this.#fill(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#panel.hidePopover();
      on.filter(written(form));
    });
    byId("filter-clear").addEventListener("click", () => {
      this.#panel.hidePopover();
      on.filter({});
    });
    this.#sort.addEventListener("change", () => on.sort(this.#sort.value));
  }

  /** What an address has; a search has an order of its own. */
  draw({ filter, sort }, { searches }) {
    this.#fields = filter;
    this.#sort.parentElement.hidden = searches;
    this.#sort.value = sort;
    this.#sort.parentElement.toggleAttribute("data-set", sort !== NEWEST);
    const chips = Object.entries(wordings(filter)).map(([name, words]) => this.#chip(name, words));
    this.#button.toggleAttribute("data-set", chips.length > 0);
    const words = chips.map(({ textContent }) => textContent).join("\n");
    if (words === this.#drawn) return; // the focus may be on one of them
    this.#drawn = words;
    this.#chips.replaceChildren(...chips);
    this.#chips.hidden = chips.length === 0;
  }

  #chip(name, words) {
    const without = { ...this.#fields, [name]: undefined, ...(name === "key" ? { is: undefined } : {}) };
    const remove = () => {
      this.#on.filter(given(Object.entries(without)));
      this.#button.focus();
    };
    return element(
      "li",
      { class: "part" },
      element("span", {}, words),
      iconButton("close", text("dropFilter", { words }), { onclick: remove }),
    );
  }

  #fill(form) {
    form.reset();
    const formats = this.#fields.format?.split(".") ?? [];
    for (const control of form.elements) {
      if (control.name === "format") control.checked = formats.includes(control.value);
      else if (control.name) control.value = this.#fields[control.name] ?? "";
    }
  }
}

const given = (entries) => Object.fromEntries(entries.filter(([, value]) => value));

function written(form) {
  const data = new FormData(form);
  const fields = [...data].filter(([name]) => name !== "format").map(([name, value]) => [name, value.trim()]);
  const { is, ...rest } = given([...fields, ["format", data.getAll("format").join(".")]]);
  return rest.key && is ? { ...rest, is } : rest;
}

/** What each field asks for, in words for its chip. */
function wordings({ from, to, format, shape, pixels, bytes, key, is, caption }) {
  const [least, most] = (bytes ?? "").split("-").map(Number);
  return given(
    Object.entries({
      from: from && text("addedFrom", { day: day(from) }),
      to: to && text("addedTo", { day: day(to) }),
      format: format?.split(".").join(", ").toUpperCase().replace("HEIF", "HEIC"),
      shape: shape && text(shape),
      pixels: pixels && text("pixelsFrom", { count: Number(pixels) }),
      bytes: bytes && text("megabytes", { least, most }),
      key: key && (is ? `${key}: ${is}` : text("keyGiven", { key })),
      caption: caption && text("captionSays", { words: caption }),
    }),
  );
}
