import { byId, element, icon, write } from "./dom.js";
import { text } from "./language.js";

const FAILURES_SHOWN = 100;

/**
 * A card in the corner that tells how photos come in, and what became of every file. `work` is what they come by:
 * Uploads, Imports.
 */
export class Panel {
  #root;
  #work;
  #title = element("h2", { role: "status", tabindex: "-1" });
  #bar = element("progress", { max: "1" });
  #counts = element("p", { class: "counts" });
  #notes = element("div", { class: "notes" });
  #failures = element("ul", { class: "failures", role: "list", tabindex: "0" });
  #cancel = element("button", { type: "button", class: "button", "data-needs": "write", onclick: () => this.#work.cancel() });
  #retry = element("button", { type: "button", class: "button primary", "data-needs": "write", onclick: () => this.#work.resume() });
  #close = element("button", { type: "button", class: "round", onclick: () => this.#dismiss() }, icon("close"));

  constructor(root, work) {
    this.#root = root;
    this.#work = work;
    const answers = element("div", { class: "answers" }, this.#retry, this.#cancel);
    const head = element("div", { class: "head" }, this.#title, this.#close);
    root.append(head, this.#bar, this.#counts, this.#notes, this.#failures, answers);
  }

  draw() {
    const { state, active, share, closable } = this.#work;
    this.#root.hidden = state === "idle";
    if (state === "idle") return;
    const focused = document.activeElement;
    this.#root.dataset.state = state;
    write(this.#title, this.#work.headline);
    this.#bar.setAttribute("aria-label", this.#root.getAttribute("aria-label"));
    this.#bar.hidden = !active && state !== "stopped";
    if (share === null) this.#bar.removeAttribute("value");
    else this.#bar.value = share;
    this.#counts.textContent = text("counts", this.#work);
    this.#notes.replaceChildren(...this.#work.notes.map((line) => element("p", {}, line)));
    this.#drawFailures();
    this.#cancel.textContent = text("cancel");
    this.#cancel.hidden = !active && state !== "stopped";
    this.#retry.textContent = text("retry");
    this.#retry.hidden = state !== "stopped";
    this.#close.setAttribute("aria-label", text("close"));
    this.#close.hidden = !closable;
    if (focused?.hidden && this.#root.contains(focused)) this.#title.focus();
  }

  #drawFailures() {
    const { failures, failed } = this.#work;
    const rows = failures.slice(0, FAILURES_SHOWN).map(({ filename, detail, remedy }) =>
      element("li", {}, element("b", {}, filename), element("span", {}, [detail, remedy].filter(Boolean).join(" "))),
    );
    if (failed > rows.length) rows.push(element("li", {}, text("furtherFailures", { count: failed - rows.length })));
    this.#failures.setAttribute("aria-label", text("failures"));
    this.#failures.replaceChildren(...rows);
    this.#failures.hidden = rows.length === 0;
  }

  #dismiss() {
    this.#root.hidden = true;
    byId("heading").focus({ preventScroll: true }); // the button that had the focus is gone
  }
}
