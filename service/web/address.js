/**
 * What the page shows, as the address bar keeps it: a collection, and in it all photos, or a search.
 * `sought.kind` is "all", "text" (`q`), "similar" (`id`) or "photo" (`file`).
 */
const DEFAULT_COLLECTION = "default";

// A file cannot stand in an address: "back" finds it here, a reload shows all photos instead.
const photos = new Map();

export function readAddress() {
  const asked = new URLSearchParams(location.search);
  return { collection: asked.get("collection") ?? DEFAULT_COLLECTION, sought: readSought(asked) };
}

function readSought(asked) {
  const photo = photos.get(history.state?.photo);
  if (photo) return { kind: "photo", file: photo };
  if (asked.get("similar")) return { kind: "similar", id: asked.get("similar") };
  if (asked.get("q")?.trim()) return { kind: "text", q: asked.get("q") };
  return { kind: "all" };
}

export function writeAddress({ collection, sought }, { replace = false } = {}) {
  const asked = new URLSearchParams();
  if (collection !== DEFAULT_COLLECTION) asked.set("collection", collection);
  if (sought.kind === "text") asked.set("q", sought.q);
  if (sought.kind === "similar") asked.set("similar", sought.id);
  const state = sought.kind === "photo" ? { photo: keep(sought.file) } : null;
  const address = `${location.pathname}?${asked}`.replace(/\?$/, "");
  if (replace) history.replaceState(state, "", address);
  else history.pushState(state, "", address);
}

function keep(file) {
  // Counting from the page's own start: entries of the history from before a reload must not match.
  const key = `${performance.timeOrigin}-${photos.size}`;
  photos.set(key, file);
  return key;
}
