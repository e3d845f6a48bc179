import { byId, element, write } from "./dom.js";
import { text } from "./language.js";
import { sentences } from "./notice.js";

/**
 * Asks in a dialog, for a text where there is a `field` (`{ label, value, secret }`). `act(value)` is what the answer
 * leads to: while it runs the dialog waits, and a problem is told in it, so that nothing typed is lost.
 * Resolves to what `act` resolved to, or null where the question was dismissed.
 */
export function ask({ title, lines = [], field = null, confirm, danger = false, act }) {
  const dialog = byId("ask");
  const form = dialog.querySelector("form");
  const input = element("input", { type: field?.secret ? "password" : "text", value: field?.value ?? "", required: true });
  Object.assign(input, { autocomplete: "off", spellcheck: false, maxLength: 200 });
  const told = element("p", { class: "told", role: "alert" });
  const no = element("button", { type: "button", class: "button", onclick: () => dialog.close() }, text("cancel"));
  const yes = element("button", { class: danger ? "button danger" : "button primary" }, confirm);
  form.replaceChildren(
    element("h2", { id: "ask-title" }, title),
    ...lines.map((line) => element("p", {}, line)),
    ...(field ? [element("label", { class: "field" }, element("span", {}, field.label), input)] : []),
    told,
    element("div", { class: "answers" }, no, yes),
  );
  return new Promise((resolve) => {
    let outcome = null;
    form.onsubmit = async (event) => {
      event.preventDefault();
      yes.disabled = true;
      try {
        outcome = (await act(field ? input.value.trim() : true)) ?? true;
        dialog.close();
      } catch (problem) {
        write(told, sentences(problem).join(" "));
        input.select();
      }
      yes.disabled = false;
    };
    dialog.onclose = () => {
      // The event comes a moment after the closing: it may be of an earlier question, when this one is open already.
      if (!dialog.open) resolve(outcome);
    };
    dialog.showModal();
    if (field) input.select();
    else no.focus();
  });
}
