import { request, send, sendForm } from "./request.js";

const PREFIX = "/v1/collections";
const within = (collection, rest) => `${PREFIX}/${encodeURIComponent(collection)}${rest}`;

export async function collections(signal) {
  return (await request(PREFIX, { signal })).collections;
}

export function createCollection(name) {
  return send(PREFIX, "POST", { name });
}

export function renameCollection(collection, name) {
  return send(within(collection, ""), "PATCH", { name });
}

export function removeCollection(collection) {
  return request(within(collection, ""), { method: "DELETE" });
}

export function images(collection, { limit, cursor, order }, signal) {
  const asked = new URLSearchParams({ limit, order });
  if (cursor) asked.set("cursor", cursor);
  return request(within(collection, `/images?${asked}`), { signal });
}

export function image(collection, id, signal) {
  return request(within(collection, `/images/${id}`), { signal });
}

export async function removeMany(collection, ids, { leaving = false } = {}) {
  for (const id of ids) {
    try {
      await request(within(collection, `/images/${id}`), { method: "DELETE", keepalive: leaving });
    } catch (problem) {
      if (problem.status !== 404) throw problem; // gone is what was asked for
    }
  }
}

/** `sought` is `{ q, k }` or `{ image_id, k }`. */
export function search(collection, sought, signal) {
  return send(within(collection, "/search"), "POST", sought, { signal });
}

export function searchByPhoto(collection, file, k, signal) {
  const form = new FormData();
  form.append("file", file, file.name);
  form.append("k", k);
  return request(within(collection, "/search/image"), { method: "POST", body: form, signal });
}

/** Resolves to the server's account of each file, failures included. `options` as in sendForm. */
export function upload(collection, files, options) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return sendForm(within(collection, "/images"), form, options);
}
