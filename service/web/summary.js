import { languageName, percent, text } from "./language.js";

const LIKELY = 0.5; // how sure a detected language must be to be named

/**
 * The line that says what is shown. `answer` is of a search, or null; `shown` is `{ count, more }`: photos that are
 * loaded, and whether there are others; `total` those of the collection, null while unknown.
 */
export function summary({ answer, shown, total, filtered }) {
  if (answer) return searchFacts(answer, shown).join(" · ");
  if (filtered) return text(shown.more ? "moreThan" : "photoCount", { count: shown.count });
  return total ? text("photoCount", { count: total }) : "";
}

function searchFacts({ query, timings_ms: timings }, shown) {
  const facts = [text(shown.more ? "bestOf" : "resultCount", { count: shown.count })];
  // A lone word is often a word of several languages. The guess changes no result: a poor one only puzzles.
  if (query.language && (query.language.source !== "detected" || query.language.confidence >= LIKELY)) {
    const { code, confidence, source } = query.language;
    const values = { language: languageName(code), percent: percent(confidence) };
    facts.push(text(source === "detected" ? "understoodSurely" : "understood", values));
  }
  return [...facts, text("took", { ms: Math.ceil(timings.total) })];
}
