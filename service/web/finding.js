import { isSearch } from "./address.js";
import * as api from "./api.js";
import { filterOf } from "./filter.js";

const PAGE = 200;
const RESULTS = 60;

/**
 * What an address asks for, from its beginning or from `cursor`: `{ entries, cursor, answer }`, the entries as the
 * gallery takes them, the cursor of the next page or null, and the whole answer where it was a search.
 */
export async function find(address, { cursor = null, signal }) {
  return isSearch(address.sought) ? ranked(await search(address, signal)) : page(address, cursor, signal);
}

async function page({ collection }, cursor, signal) {
  const { images, next_cursor } = await api.images(collection, { limit: PAGE, cursor, order: "newest" }, signal);
  return { entries: images.map((image) => ({ image })), cursor: next_cursor, answer: null };
}

function search({ collection, sought, filter }, signal) {
  const { q, like, unlike, photo } = sought;
  if (photo && !q && !like.length && !unlike.length) return api.searchByPhoto(collection, photo, RESULTS, signal);
  return api.search(collection, { ...asked(sought), k: RESULTS }, signal);
}

function asked({ q, like }) {
  return q ? { q } : { image_id: like[0] };
}

function ranked(answer) {
  const entries = answer.results.map((result) => ({ ...result, score: result.scores[answer.scoring] }));
  return { entries, cursor: answer.next_cursor ?? null, answer };
}
