import { language } from "./language.js";

/** Something that went wrong, as the server's problem document (RFC 9457) tells it. Status 0: no answer at all. */
export class Problem extends Error {
  constructor(status, document = {}, retryAfter = null) {
    super(document.detail ?? document.title ?? `status ${status}`);
    this.status = status;
    this.type = document.type;
    this.title = document.title;
    this.detail = document.detail;
    this.remedy = document.remedy;
    this.retryAfter = retryAfter;
  }

  get collectionUnknown() {
    return this.type === "urn:pivot:unknown-collection";
  }

  /** Whether the same request may succeed later, unchanged. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

const PREFIX = "/v1/collections";
const within = (collection, rest) => `${PREFIX}/${encodeURIComponent(collection)}${rest}`;

export async function collections(signal) {
  return (await request(PREFIX, { signal })).collections;
}

export function images(collection, { limit, cursor }, signal) {
  const asked = new URLSearchParams({ limit });
  if (cursor) asked.set("cursor", cursor);
  return request(within(collection, `/images?${asked}`), { signal });
}

export function image(collection, id, signal) {
  return request(within(collection, `/images/${encodeURIComponent(id)}`), { signal });
}

export function remove(collection, id) {
  return request(within(collection, `/images/${encodeURIComponent(id)}`), { method: "DELETE" });
}

/** `sought` is `{ q, k }` or `{ image_id, k }`. */
export function search(collection, sought, signal) {
  return request(within(collection, "/search"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(sought),
    signal,
  });
}

export function searchByPhoto(collection, file, k, signal) {
  const form = new FormData();
  form.append("file", file, file.name);
  form.append("k", k);
  return request(within(collection, "/search/image"), { method: "POST", body: form, signal });
}

/**
 * Sends files in one request and resolves to the server's account of each of them, failures included.
 * XMLHttpRequest, since fetch does not tell how much was sent.
 */
export function upload(collection, files, { onSent, signal }) {
  signal.throwIfAborted();
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);

  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", within(collection, "/images"));
    sending.setRequestHeader("Accept-Language", language());
    sending.responseType = "json";
    sending.upload.onprogress = (event) => onSent(event.loaded / event.total);
    sending.onerror = () => reject(new Problem(0));
    sending.onabort = () => reject(signal.reason);
    sending.onload = () => {
      const answer = sending.response ?? {};
      if (answer.items) resolve(answer);
      else reject(new Problem(sending.status, answer, seconds(sending.getResponseHeader("Retry-After"))));
    };
    const abort = () => sending.abort();
    sending.onloadend = () => signal.removeEventListener("abort", abort); // one signal serves thousands of requests
    signal.addEventListener("abort", abort);
    sending.send(form);
  });
}

async function request(path, { signal, headers, ...options }) {
  let response;
  let body;
  try {
    response = await fetch(path, { ...options, signal, headers: { ...headers, "Accept-Language": language() } });
    body = await response.text();
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(0);
  }
  const answer = parsed(body);
  if (!response.ok) throw new Problem(response.status, answer ?? {}, seconds(response.headers.get("Retry-After")));
  return answer;
}

/** A proxy in between may answer in HTML: then there is no document, only the status. */
function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function seconds(header) {
  const value = Number.parseFloat(header ?? "");
  return Number.isNaN(value) ? null : value;
}
