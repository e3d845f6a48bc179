import { request, send, sendForm } from "./request.js";

const PREFIX = "/v1/collections";
const SESSION = "/v1/session";
const JOBS = "/v1/jobs";
const TOLD = 1000; // ids that the service tells of a deletion
const KEPT_ALIVE = 4000; // ids of up to 15 digits in 64 KiB
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

/** Those that are gone already are what was asked for. `leaving`: the request shall outlive the page. */
export function removeMany(collection, ids, { leaving = false } = {}) {
  // Browsers take up to 64 KiB with `keepalive`; with more, the request is sent, and arrives if the browser stays.
  const keepalive = leaving && ids.length <= KEPT_ALIVE;
  return send(within(collection, "/images/delete"), "POST", { ids }, { keepalive });
}

/** Which of these are there, as a set. */
export async function present(collection, ids) {
  const found = new Set();
  for (let start = 0; start < ids.length; start += TOLD) {
    const asked = { ids: ids.slice(start, start + TOLD), dry_run: true };
    for (const id of (await send(within(collection, "/images/delete"), "POST", asked)).ids) found.add(id);
  }
  return found;
}

/** Who the service takes us for: `{ required, name, scope, collections }`. */
export function session() {
  return request(SESSION);
}

export function logIn(key) {
  return send(SESSION, "POST", { key });
}

export function logOut() {
  return request(SESSION, { method: "DELETE" });
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

/** Begins an import of an archive; resolves to its job. `options` as in sendForm. */
export function sendArchive(collection, file, options) {
  const form = new FormData();
  form.append("archive", file, file.name);
  return sendForm(within(collection, "/imports"), form, options);
}

export function job(id) {
  return request(`${JOBS}/${id}`);
}

/** Those that have not ended, of a collection; the first that began comes first. */
export async function openJobs(collection) {
  const pages = ["running", "queued"].map((state) => request(`${JOBS}?${new URLSearchParams({ state, collection })}`));
  return (await Promise.all(pages)).flatMap(({ jobs }) => jobs.reverse());
}

/** Up to `limit` items of a job that failed. */
export async function failedItems(id, limit) {
  return (await request(`${JOBS}/${id}/items?status=failed&limit=${limit}`)).items;
}

/** Resolves to the job, which may take a moment more to end. */
export function cancelJob(id) {
  return request(`${JOBS}/${id}/cancel`, { method: "POST" });
}

/** Resolves to the server's account of each file, failures included. `options` as in sendForm. */
export function upload(collection, files, options) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return sendForm(within(collection, "/images"), form, options);
}
