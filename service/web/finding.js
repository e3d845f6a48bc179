import { isSearch } from "./address.js";
import * as api from "./api.js";
import { filterOf } from "./filter.js";

const PAGE = 200;
const RESULTS = 60;
const UNLIKE = -0.5; // less than what is sought: photos unlike it that show something else altogether are no answer
const LONGEST = 1024; // pixels, as the service looks at photos

/**
 * What an address asks for, from its beginning or from `cursor`: `{ entries, cursor, answer }`, the entries as the
 * gallery takes them, the cursor of the next page or null, and the whole answer where it was a search.
 */
export async function find(address, { cursor = null, signal }) {
  const options = { cursor: cursor ?? undefined, filter: filterOf(address.filter) ?? undefined };
  if (isSearch(address.sought)) return ranked(await search(address, { k: RESULTS, ...options }, signal));
  const { collection } = address;
  const { images, next_cursor } = await api.images(collection, { limit: PAGE, sort: address.sort, ...options }, signal);
  return { entries: images.map((image) => ({ image })), cursor: next_cursor, answer: null };
}

async function search({ collection, sought }, options, signal) {
  const { photo } = sought;
  const alone = photo && !sought.q && !sought.like.length && !sought.unlike.length;
  // Only a form takes a file as large as it is.
  if (alone) return api.searchByPhoto(collection, photo, options, signal);
  const parts = await partsOf(sought);
  return api.search(collection, { ...(parts.length === 1 ? parts[0] : { parts }), ...options }, signal);
}

async function partsOf({ q, like, unlike, photo }) {
  const parts = [];
  if (q) parts.push({ q });
  if (photo) parts.push({ image: await inText(photo) });
  parts.push(...like.map((id) => ({ image_id: id })), ...unlike.map((id) => ({ image_id: id, weight: UNLIKE })));
  return parts;
}

/** A photo as a data URI, no larger than it is looked at; as it is where the browser can't read it (HEIC). */
async function inText(photo) {
  try {
    const full = await createImageBitmap(photo);
    const scale = Math.min(1, LONGEST / Math.max(full.width, full.height));
    const canvas = new OffscreenCanvas(Math.ceil(full.width * scale), Math.ceil(full.height * scale));
    canvas.getContext("2d").drawImage(full, 0, 0, canvas.width, canvas.height);
    return await dataUri(await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 }));
  } catch {
    return dataUri(photo);
  }
}

function dataUri(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function ranked(answer) {
  const entries = answer.results.map((result) => ({ ...result, score: result.scores[answer.scoring] }));
  return { entries, cursor: answer.next_cursor, answer };
}
