import { element, iconButton } from "./dom.js";
import { number, text } from "./language.js";

/**
 * One photo of the grid. An entry is `{ image }`, or `{ image, rank, score, scores, ranks }` for a search result.
 * `href` is the address of its large view; `drawn` an `img` of the same photo to use again, so that it doesn't flicker.
 */
export function tile(entry, { href, drawn = null }) {
  const { image, rank } = entry;
  const name = image.filename;
  const label = rank ? text("openRanked", { name, rank }) : text("open", { name });
  return element(
    "li",
    { class: "tile", "data-id": image.id },
    element(
      "a",
      { class: "photo", href, draggable: "false", "aria-label": label, tabindex: "-1" },
      drawn ?? picture(image),
    ),
    iconButton("check", text("select", { name }), { class: "check", "data-action": "select", title: null, tabindex: "-1" }),
    element("div", { class: "caption" }, ...facts(entry), actions(name, rank)),
  );
}

function picture(image) {
  const source = image.links.thumbnail;
  const onload = ({ target }) => target.classList.add("loaded");
  return element("img", { alt: "", decoding: "async", fetchpriority: "low", draggable: "false", onload, src: source });
}

/** Puts a tile into its place. */
export function place({ style }, { x, y, width, height }) {
  style.setProperty("width", `${width}px`);
  style.setProperty("height", `${height}px`);
  style.setProperty("transform", `translate(${x}px, ${y}px)`);
}

/** Lets go of a thumbnail that is still on its way: others wait for the line. */
export function dropPicture(node) {
  const img = node.querySelector("img");
  if (!img.complete) img.removeAttribute("src");
}

function facts({ image, rank, score, scores }) {
  if (!rank) return [element("span", { class: "name", title: image.filename }, image.filename)];
  const both = text("scores", scores);
  return [
    element("span", { class: "rank", "aria-hidden": "true" }, String(rank)),
    element("span", { class: "score", title: both, "aria-hidden": "true" }, number(score, 2)),
    element("span", { class: "unseen" }, both),
  ];
}

function actions(name, ranked) {
  const button = (symbol, label) => iconButton(symbol, label, { "data-action": symbol, tabindex: "-1" });
  return element(
    "div",
    { class: "actions" },
    button("similar", text("similarTo", { name })),
    ranked ? button("unlike", text("soughtUnlike", { name })) : null,
  );
}
