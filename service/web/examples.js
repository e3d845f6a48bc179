import { byId, element } from "./dom.js";

/** Queries to begin with. They are not translations of each other, since queries need not be. */
const QUERIES = [
  ["en", "a cat"],
  ["de", "Ein Hund springt ins Wasser"],
  ["en", "children playing in the snow"],
  ["de", "eine Tasse Kaffee"],
  ["en", "someone climbing a rock"],
  ["de", "ein Strauß Blumen"],
];

export function drawExamples(onChoose) {
  const chips = QUERIES.map(([lang, q]) =>
    element("li", {}, element("button", { type: "button", class: "chip", lang, onclick: () => onChoose(q) }, q)),
  );
  byId("examples").querySelector("ul").replaceChildren(...chips);
}
