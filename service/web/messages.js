import { english } from "./english.js";
import { german } from "./german.js";

/**
 * Every text of the page. A function takes the values and `number`, which writes a number as the language does.
 * Both languages have the same keys: tests compare them.
 */
export const messages = { en: english, de: german };

/** Queries to begin with. They are not translations of each other, since queries need not be. */
export const examples = [
  { language: "en", q: "a cat" },
  { language: "de", q: "Ein Hund springt ins Wasser" },
  { language: "en", q: "children playing in the snow" },
  { language: "de", q: "eine Tasse Kaffee" },
  { language: "en", q: "someone climbing a rock" },
  { language: "de", q: "ein Strauß Blumen" },
];
