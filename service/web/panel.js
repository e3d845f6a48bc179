import { byId, element, icon, write } from "./dom.js";
import { text } from "./language.js";
import { sentences } from "./notice.js";

const FAILURES_SHOWN = 100;

/** The card in the corner that tells how an upload goes, and what became of every file. */
export class Panel {
  #root;
  #uploads;
  #title = element("h2", { role: "status", tabindex: "-1" });
  #bar = element("progress", { max: "1" });
  #counts = element("p", { class: "counts" });
  #notes = element("div", { class: "notes" });
  #failures = element("ul", { class: "failures", role: "list", tabindex: "0" });
  #cancel = element("button", { type: "button", class: "button", onclick: () => this.#uploads.cancel() });
  #retry = element("button", { type: "button", class: "button primary", onclick: () => this.#uploads.resume() });
  #close = element("button", { type: "button", class: "round", onclick: () => this.#dismiss() }, icon("close"));

  constructor(root, uploads) {
    this.#root = root;
    this.#uploads = uploads;
    const answers = element("div", { class: "answers" }, this.#retry, this.#cancel);
    const head = element("div", { class: "head" }, this.#title, this.#close);
    root.append(head, this.#bar, this.#counts, this.#notes, this.#failures, answers);
  }

  draw() {
    const { state, active } = this.#uploads;
    if (state === "idle") return;
    const focused = document.activeElement;
    this.#root.hidden = false;
    this.#root.dataset.state = state;
    write(this.#title, this.#headline());
    this.#bar.setAttribute("aria-label", text("uploads"));
    this.#bar.hidden = !active && state !== "stopped";
    if (state === "reading") this.#bar.removeAttribute("value");
    else this.#bar.value = this.#uploads.share;
    const { added, existing, failures } = this.#uploads;
    this.#counts.textContent = text("counts", { added, existing, failed: failures.length });
    this.#drawNotes();
    this.#drawFailures();
    this.#cancel.textContent = text("cancel");
    this.#cancel.hidden = !active && state !== "stopped";
    this.#retry.textContent = text("retry");
    this.#retry.hidden = state !== "stopped";
    this.#close.setAttribute("aria-label", text("close"));
    this.#close.hidden = active || state === "stopped";
    if (focused?.hidden && this.#root.contains(focused)) this.#title.focus();
  }

  #headline() {
    const { state, settled, total } = this.#uploads;
    const headlines = {
      reading: "uploadReading",
      done: "uploadDone",
      cancelled: "uploadCancelled",
      stopped: "uploadStopped",
      refused: "uploadStopped",
    };
    return state === "sending" ? text("uploading", { done: settled, total }) : text(headlines[state]);
  }

  #drawNotes() {
    const { state, unsent, leftOut, problem } = this.#uploads;
    const lines = [];
    if (problem) lines.push(...sentences(problem));
    if (unsent && state !== "sending") lines.push(text("unsent", { count: unsent }));
    if (leftOut) lines.push(text("leftOut", { count: leftOut }));
    this.#notes.replaceChildren(...lines.map((line) => element("p", {}, line)));
  }

  #drawFailures() {
    const { failures } = this.#uploads;
    const rows = failures.slice(0, FAILURES_SHOWN).map(({ filename, detail, remedy }) =>
      element("li", {}, element("b", {}, filename), element("span", {}, [detail, remedy].filter(Boolean).join(" "))),
    );
    if (failures.length > rows.length) {
      rows.push(element("li", {}, text("furtherFailures", { count: failures.length - rows.length })));
    }
    this.#failures.setAttribute("aria-label", text("failures"));
    this.#failures.replaceChildren(...rows);
    this.#failures.hidden = rows.length === 0;
  }

  #dismiss() {
    this.#root.hidden = true;
    byId("heading").focus({ preventScroll: true }); // the button that had the focus is gone
  }
}
