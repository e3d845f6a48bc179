import { element, icon } from "./dom.js";
import { text } from "./language.js";

/** A problem in words: what happened, what exactly, what to do. The server's own words where it gave any. */
function wording(problem) {
  if (problem.status === 0) return { title: text("unreachable"), detail: null, remedy: text("unreachableRemedy") };
  return {
    title: problem.title ?? text("unexpected", { status: problem.status ?? problem.name }),
    detail: problem.detail ?? null,
    remedy: problem.remedy ?? (problem.title ? null : text("unexpectedRemedy")),
  };
}

/** The same, one after the other. */
export function sentences(problem) {
  return Object.values(wording(problem)).filter(Boolean);
}

/** Shows a problem in `section`, with one button: `action` is `{ label, run }`. */
export function showProblem(section, problem, action) {
  const { title, detail, remedy } = wording(problem);
  showNotice(section, { symbol: "alert", title, lines: [detail, remedy], action });
}

export function showNotice(section, { symbol, title, lines, action }) {
  section.replaceChildren(
    icon(symbol),
    element("h2", {}, title),
    ...lines.filter(Boolean).map((line) => element("p", {}, line)),
    ...(action ? [element("button", { type: "button", class: "button", onclick: action.run }, action.label)] : []),
  );
  section.hidden = false;
}
