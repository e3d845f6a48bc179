import * as api from "./api.js";
import { ask } from "./ask.js";
import { byId, element, icon, placeBelow, write } from "./dom.js";
import { number, text } from "./language.js";

/** The menu of collections: choose, make, rename and delete one. `on.choose(name)`, and `on.changed()` before it. */
export class CollectionMenu {
  #button = byId("collections");
  #menu = byId("collection-menu");
  #on;
  #shown = { collections: [], current: null };

  constructor(on) {
    this.#on = on;
    this.#menu.addEventListener("toggle", ({ newState }) => {
      this.#button.setAttribute("aria-expanded", newState === "open");
      if (newState === "open") this.#settle();
    });
    this.#menu.addEventListener("keydown", (event) => this.#pressed(event));
  }

  draw(collections, current) {
    this.#shown = { collections, current };
    write(byId("collection-name"), current);
    const known = collections.some(({ name }) => name === current);
    const change = known ? [
      ...(current === "default" ? [] : [this.#item("edit", text("renameCollection", { name: current }), () => this.#rename(), "admin")]),
      this.#item("delete", text("deleteCollection", { name: current }), () => this.#remove(), "admin"),
    ] : [];
    this.#menu.replaceChildren(
      element("ul", { role: "list" }, ...collections.map((one) => element("li", {}, this.#choice(one, current)))),
      element("hr", { "data-needs": "write" }),
      this.#item("plus", text("newCollection"), () => this.#create(), "write"),
      ...change,
    );
    if (this.#menu.matches(":popover-open")) this.#settle();
  }

  /** Where it belongs, and with the focus in it: opened before the collections are known, it is empty at first. */
  #settle() {
    placeBelow(this.#menu, this.#button);
    (this.#menu.querySelector("[aria-current]") ?? this.#menu.querySelector("button"))?.focus();
  }

  #choice({ name, images }, current) {
    return element(
      "button",
      { type: "button", "aria-current": name === current ? "true" : null, onclick: () => this.#choose(name) },
      icon(name === current ? "check" : "blank"),
      element("span", {}, name),
      element("small", {}, element("span", { "aria-hidden": "true" }, number(images)),
        element("span", { class: "unseen" }, text("photoCount", { count: images }))),
    );
  }

  #item(symbol, label, onclick, scope) {
    const close = () => {
      this.#menu.hidePopover();
      onclick();
    };
    return element("button", { type: "button", "data-needs": scope, onclick: close }, icon(symbol), element("span", {}, label));
  }

  #choose(name) {
    this.#menu.hidePopover();
    this.#on.choose(name);
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...this.#menu.querySelectorAll("button")].filter((item) => item.checkVisibility());
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  }

  async #create() {
    const made = await ask({
      title: text("newCollection"),
      lines: [text("nameRule")],
      field: { label: text("name"), value: "" },
      confirm: text("create"),
      act: (name) => api.createCollection(name),
    });
    if (made) await this.#go(made.name);
  }

  async #rename() {
    const { current } = this.#shown;
    const renamed = await ask({
      title: text("renameCollection", { name: current }),
      lines: [text("nameRule")],
      field: { label: text("name"), value: current },
      confirm: text("rename"),
      act: (name) => api.renameCollection(current, name),
    });
    if (renamed) await this.#go(renamed.name);
  }

  async #remove() {
    const { collections, current } = this.#shown;
    const count = collections.find(({ name }) => name === current).images;
    const removed = await ask({
      title: text("deleteCollection", { name: current }),
      lines: [text(current === "default" ? "emptyCollectionText" : "deleteCollectionText", { count })],
      confirm: text("delete"),
      danger: true,
      act: () => api.removeCollection(current),
    });
    if (removed) await this.#go("default");
  }

  async #go(name) {
    await this.#on.changed();
    this.#on.choose(name);
  }
}
