import { captionsOf } from "./captions.js";
import { element } from "./dom.js";
import { bytes, moment, number, text } from "./language.js";

/** All that is known of a photo, beside its large view; `onChange(image)` is told when its captions were changed. */
export function drawDetails(root, { image, rank, scores, ranks }, { onChange }) {
  root.replaceChildren(
    element("h2", { id: "large-title" }, image.filename),
    ...(rank ? [ranking(scores, ranks)] : []),
    captionsOf(image, onChange),
    facts(image),
    ...metadata(image.metadata),
  );
}

/** Both scores, each with the rank that it alone would give. */
function ranking(scores, ranks) {
  const rows = ["symmetric", "asymmetric"].map((kind) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, text(kind)),
      element("td", {}, number(scores[kind], 3)),
      element("td", {}, ranks?.[kind] ? text("rankOf", { rank: ranks[kind] }) : "–"),
    ),
  );
  const heads = ["score", "scoreValue", "scoreRank"].map((key) => element("th", { scope: "col" }, text(key)));
  return element(
    "table",
    { class: "scores" },
    element("caption", { class: "unseen" }, text("scoresTitle")),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows),
  );
}

function facts(image) {
  const { width, height, format } = image;
  return list("facts", [
    [text("dimensions"), text("pixels", { width, height })],
    [text("file"), `${format.toUpperCase()}, ${bytes(image.bytes)}`],
    [text("added"), moment(image.created_at)],
    ...(image.external_id ? [[text("externalId"), image.external_id]] : []),
    [text("id"), String(image.id)],
  ]);
}

function metadata(values) {
  const pairs = Object.entries(values).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
  return pairs.length ? [element("h3", {}, text("metadata")), list("facts", pairs)] : [];
}

function list(name, pairs) {
  const rows = pairs.map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value)));
  return element("dl", { class: name }, ...rows);
}
