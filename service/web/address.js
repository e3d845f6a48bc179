/**
 * What the page shows, as the address bar keeps it: a collection; what is sought in it (`q`, photos to be like and
 * unlike, by their ids, a `photo` file), which is nothing where all photos are shown; a filter; an order; and the
 * image in the large view, if one is open.
 */
import { FILTER_FIELDS } from "./filter.js";

const DEFAULT_COLLECTION = "default";
export const NOTHING = Object.freeze({ q: "", like: [], unlike: [], photo: null });
export const NEWEST = "-created_at";

// A file cannot stand in an address: "back" finds it here, a reload shows the rest of the search instead.
const photos = new Map();

export const isSearch = ({ q, like, photo }) => Boolean(q || like.length || photo);

export function readAddress() {
  const asked = new URLSearchParams(location.search);
  const sought = {
    q: asked.get("q")?.trim() ?? "",
    like: ids(asked.get("like")),
    unlike: ids(asked.get("unlike")),
    photo: photos.get(history.state?.photo) ?? null,
  };
  return {
    collection: asked.get("collection") ?? DEFAULT_COLLECTION,
    sought: isSearch(sought) ? sought : NOTHING,
    filter: Object.fromEntries(FILTER_FIELDS.filter((name) => asked.get(name)).map((name) => [name, asked.get(name)])),
    sort: asked.get("sort") ?? NEWEST,
    image: Number(asked.get("image")) || null,
  };
}

export function writeAddress(address, { replace = false } = {}) {
  const { photo } = address.sought;
  const state = photo ? { photo: keep(photo) } : null;
  if (replace) history.replaceState(state, "", hrefOf(address));
  else history.pushState(state, "", hrefOf(address));
}

export function hrefOf({ collection, sought, filter, sort, image }) {
  const asked = new URLSearchParams();
  if (collection !== DEFAULT_COLLECTION) asked.set("collection", collection);
  if (sought.q) asked.set("q", sought.q);
  for (const name of ["like", "unlike"]) if (sought[name].length) asked.set(name, sought[name].join("."));
  for (const [name, value] of Object.entries(filter)) asked.set(name, value);
  if (sort !== NEWEST) asked.set("sort", sort);
  if (image) asked.set("image", image);
  return `${location.pathname}?${asked}`.replace(/\?$/, "");
}

const ids = (list) => (list ?? "").split(".").map(Number).filter(Number.isSafeInteger).filter(Boolean);

function keep(file) {
  for (const [key, kept] of photos) if (kept === file) return key;
  // Counting from the page's own start: entries of the history from before a reload must not match.
  const key = `${performance.timeOrigin}-${photos.size}`;
  photos.set(key, file);
  return key;
}
