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

/** `options` are the parameters of a list; a filter is an object. */
export function images(collection, options, signal) {
  return request(within(collection, `/images?${new URLSearchParams(texts(options))}`), { signal });
}

export function image(collection, id, signal) {
  return request(within(collection, `/images/${id}`), { signal });
}

/** `change` is a JSON Merge Patch of the members that may change; resolves to the image as it is then. */
export function changeImage(collection, id, change) {
  return send(within(collection, `/images/${id}`), "PATCH", change);
}

/** All at once: of a page that is left, only what is on its way by then arrives. Gone already is what was asked for. */
export function removeMany(collection, ids, { leaving = false } = {}) {
  return Promise.all(ids.map((id) => remove(collection, id, leaving)));
}

async function remove(collection, id, keepalive) {
  try {
    await request(within(collection, `/images/${id}`), { method: "DELETE", keepalive });
  } catch (problem) {
    if (problem.status !== 404) throw problem;
  }
}

/** `asked` is the body of a search, as the service documents it. */
export function search(collection, asked, signal) {
  return send(within(collection, "/search"), "POST", asked, { signal });
}

export function searchByPhoto(collection, file, options, signal) {
  const form = new FormData();
  form.append("file", file, file.name);
  for (const [name, value] of texts(options)) form.append(name, value);
  return request(within(collection, "/search/image"), { method: "POST", body: form, signal });
}

/** Options as the fields of a form or the parameters of an address. */
function texts(options) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
  return given.map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]);
}

/** Resolves to the server's account of each file, failures included. `options` as in sendForm. */
export function upload(collection, files, options) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return sendForm(within(collection, "/images"), form, options);
}
