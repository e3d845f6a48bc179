import { english } from "./english.js";
import { german } from "./german.js";

/**
 * Every text of the page. A function takes the values and `number`, which writes a number as the language does.
 * Both languages have the same keys: tests compare them.
 */
export const messages = { en: english, de: german };
