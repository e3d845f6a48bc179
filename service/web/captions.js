import * as api from "./api.js";
import { element, icon, iconButton } from "./dom.js";
import { languageName, text } from "./language.js";
import { sentences } from "./notice.js";

/** The captions of a photo, to read and to change; `onChange(image)` is told of the record that came of it. */
export function captionsOf(image, onChange) {
  const root = element("section", { class: "captions", "aria-labelledby": "captions-title" });
  read(root, image, onChange);
  return root;
}

function read(root, image, onChange) {
  const rows = image.captions.map(({ language, text: words }) =>
    element("li", { lang: language }, element("p", {}, words), element("small", { lang: null }, languageName(language))),
  );
  const edit = () => write(root, image, onChange);
  root.replaceChildren(
    element(
      "div",
      { class: "head" },
      element("h3", { id: "captions-title" }, text("captions")),
      element("button", { type: "button", class: "quiet", "data-needs": "write", onclick: edit }, icon("edit"), text("edit")),
    ),
    rows.length ? element("ul", { role: "list" }, ...rows) : element("p", { class: "none" }, text("noCaptions")),
  );
}

function write(root, image, onChange) {
  const rows = element("div", { class: "rows" });
  const told = element("p", { class: "told", role: "alert" });
  const add = (caption) => rows.append(row(caption));
  const leave = (now) => {
    read(root, now, onChange);
    root.querySelector("button").focus();
  };
  const save = element("button", { class: "button primary" }, text("save"));
  const submit = async (event) => {
    event.preventDefault();
    save.disabled = true;
    try {
      const changed = await api.changeImage(image.collection, image.id, { captions: [...rows.children].flatMap(captionIn) });
      onChange(changed);
      leave(changed);
    } catch (problem) {
      told.textContent = sentences(problem).join(" ");
      save.disabled = false;
    }
  };
  const buttons = [
    element("button", { type: "button", class: "button", onclick: () => add({}) }, icon("plus"), text("addCaption")),
    element("button", { type: "button", class: "button", onclick: () => leave(image) }, text("cancel")),
    save,
  ];
  image.captions.forEach(add);
  if (!image.captions.length) add({});
  const title = element("h3", { id: "captions-title" }, text("captions"));
  root.replaceChildren(
    element("form", { onsubmit: submit }, title, rows, told, element("div", { class: "answers" }, ...buttons)),
  );
  rows.querySelector("textarea").focus();
}

/** One caption to write: its words, and its language, which is detected where none is given. */
function row({ language = "", text: words = "" }) {
  const area = element("textarea", { rows: 2, maxlength: 1000, "aria-label": text("caption") });
  area.value = words;
  const code = element("input", { value: language, maxlength: 35, size: 8, spellcheck: "false", placeholder: text("detected") });
  code.setAttribute("aria-label", text("captionLanguage"));
  const remove = (event) => event.currentTarget.closest(".row").remove();
  const button = iconButton("delete", text("removeCaption"), { class: "round", onclick: remove });
  return element("div", { class: "row field" }, area, element("div", { class: "of" }, code, button));
}

/** What a row says; nothing where it was left empty. */
function captionIn(row) {
  const words = row.querySelector("textarea").value.trim();
  const language = row.querySelector("input").value.trim();
  if (!words) return [];
  return [language ? { language, text: words } : { text: words }];
}
