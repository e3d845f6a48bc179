import { byId, write } from "./dom.js";
import { text } from "./language.js";

/** The bar at the bottom that tells how many photos are selected, and what may be done with them. */
export class SelectionBar {
  #root = byId("selection");
  #selection;

  constructor(selection, { similar, remove, all }) {
    this.#selection = selection;
    const actions = {
      all,
      similar: () => similar(selection.images.slice(0, 16)),
      delete: () => remove(selection.images),
      clear: () => {
        selection.clear();
        byId("choose").focus({ preventScroll: true }); // the button that had the focus is gone
      },
    };
    this.#root.addEventListener("click", (event) => actions[event.target.closest("[data-does]")?.dataset.does]?.());
  }

  draw() {
    const { size, choosing } = this.#selection;
    this.#root.hidden = !choosing;
    document.documentElement.toggleAttribute("data-choosing", choosing);
    byId("choose").setAttribute("aria-pressed", choosing);
    write(byId("selection-count"), size ? text("selected", { count: size }) : text("selectHint"));
    for (const name of ["similar", "delete"]) this.#root.querySelector(`[data-does=${name}]`).disabled = size === 0;
  }
}
