import { element, icon } from "./dom.js";
import { number, text } from "./language.js";

const SIZES = [192, 384, 768]; // of thumbnails, the long side in pixels

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
    element(
      "button",
      { type: "button", class: "check", "data-action": "select", "aria-label": text("select", { name }), tabindex: "-1" },
      icon("check"),
    ),
    element("div", { class: "caption" }, ...facts(entry), actions(name, rank)),
  );
}

/** Thumbnails of `image` in all sizes, for an `img` that is to be `width` pixels wide. */
export function thumbnails(image, width) {
  const across = Math.min(1, image.width / image.height);
  return {
    src: thumbnail(image, 384),
    srcset: SIZES.map((size) => `${thumbnail(image, size)} ${Math.max(1, Math.round(size * across))}w`).join(", "),
    sizes: `${Math.ceil(width)}px`,
  };
}

export function thumbnail(image, size) {
  return `${image.links.thumbnail}${image.links.thumbnail.includes("?") ? "&" : "?"}size=${size}`;
}

function picture(image) {
  // Its sources come once its width is known, from `size` below.
  const img = element("img", { alt: "", decoding: "async", fetchpriority: "low", draggable: "false" });
  img.addEventListener("load", () => img.classList.add("loaded"));
  img.addEventListener("error", () => img.classList.add("broken"));
  return img;
}

/** Puts a tile into its place. The thumbnail grows with it, and is never asked for anew when it shrinks. */
export function place(node, image, { x, y, width, height }) {
  const { style } = node;
  style.setProperty("width", `${width}px`);
  style.setProperty("height", `${height}px`);
  style.setProperty("transform", `translate(${x}px, ${y}px)`);
  const img = node.querySelector("img");
  // Cropped to a wider or narrower box, a photo must fill the longer way.
  const needed = Math.max(width, height * (image.width / image.height));
  if (needed <= Number.parseFloat(img.sizes || "0")) return;
  const { src, srcset, sizes } = thumbnails(image, needed);
  img.sizes = sizes;
  img.srcset = srcset;
  img.src = src;
}

/** Lets go of a thumbnail that is still on its way: others wait for the line. */
export function dropPicture(node) {
  const img = node.querySelector("img");
  if (img.complete) return;
  img.removeAttribute("srcset");
  img.removeAttribute("src");
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
  const button = (symbol, title) =>
    element("button", { type: "button", title, "aria-label": title, "data-action": symbol, tabindex: "-1" }, icon(symbol));
  return element(
    "div",
    { class: "actions" },
    button("similar", text("similarTo", { name })),
    ranked ? button("unlike", text("unlikeThis", { name })) : null,
  );
}
