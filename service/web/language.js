import { messages } from "./messages.js";

const KEY = "pivot.language";
const listeners = [];
let current = remembered() ?? preferred();

export const language = () => current;

export function setLanguage(code) {
  current = code;
  try {
    localStorage.setItem(KEY, code);
  } catch {
    // Storage is switched off: the choice holds until the page is closed.
  }
  for (const listener of listeners) listener();
}

export function onLanguage(listener) {
  listeners.push(listener);
}

export function text(key, values = {}) {
  const message = messages[current][key];
  return typeof message === "function" ? message(values, number) : message;
}

export function number(value, digits = 0) {
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat(current, { ...fraction, signDisplay: "negative" }); // no "-0.00"
  return format.format(value).replace("-", "−");
}

export function percent(share) {
  return new Intl.NumberFormat(current, { style: "percent" }).format(share);
}

/** A file's size, in units that are a thousand times each other as file managers have them. */
export function bytes(count) {
  const power = Math.max(0, Math.min(3, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  const unit = ["byte", "kilobyte", "megabyte", "gigabyte"][power];
  const options = { style: "unit", unit, unitDisplay: power ? "short" : "long", maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(current, options).format(count / 1000 ** power);
}

/** An instant as the server writes it, in words and in the time of whoever reads. */
export function moment(instant) {
  return new Intl.DateTimeFormat(current, { dateStyle: "medium", timeStyle: "short" }).format(new Date(instant));
}

/** A day as forms write it, 2026-01-31, in words; as it is where it is none. */
export function day(written) {
  const date = new Date(`${written}T00:00`);
  if (Number.isNaN(date.valueOf())) return written;
  return new Intl.DateTimeFormat(current, { dateStyle: "medium" }).format(date);
}

/** The name of a language in the language of the page; the code itself where the browser knows no name. */
export function languageName(code) {
  try {
    return new Intl.DisplayNames(current, { type: "language" }).of(code);
  } catch {
    return code;
  }
}

/** Puts the current language into everything under `root` that names its message. */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
  for (const node of root.querySelectorAll("[data-title]")) node.title = text(node.dataset.title);
  for (const node of root.querySelectorAll("[data-placeholder]")) node.placeholder = text(node.dataset.placeholder);
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", text(node.dataset.label));
    if (node.tagName === "BUTTON") node.title = text(node.dataset.label);
  }
}

function remembered() {
  try {
    const code = localStorage.getItem(KEY);
    return code in messages ? code : null;
  } catch {
    return null;
  }
}

function preferred() {
  const codes = navigator.languages.map((tag) => tag.split("-")[0]);
  return codes.find((code) => code in messages) ?? "en";
}
