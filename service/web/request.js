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

  /** No key was sent, or one that holds no longer. */
  get keyWanted() {
    return this.status === 401;
  }

  /** Whether the same request may succeed later, unchanged. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/**
 * The answer to a request, as JSON; null where it has no body. Raises Problem. In the browser's queue it goes before
 * the thumbnails, of which there may be hundreds.
 */
export async function request(path, { signal, headers, ...options } = {}) {
  let response;
  let body;
  try {
    const told = { ...headers, "Accept-Language": language() };
    response = await fetch(path, { priority: "high", ...options, signal, headers: told });
    body = await response.text();
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(0);
  }
  const answer = parsed(body);
  if (!response.ok) throw new Problem(response.status, answer ?? {}, seconds(response.headers.get("Retry-After")));
  return answer;
}

/** The same with a body of JSON. */
export function send(path, method, body, options = {}) {
  return request(path, { ...options, method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/** Sends a form; `onSent(share)` tells how much is on its way. XMLHttpRequest, since fetch does not tell that. */
export function sendForm(path, form, { onSent, signal }) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", path);
    sending.setRequestHeader("Accept-Language", language());
    sending.responseType = "json";
    sending.upload.onprogress = (event) => onSent(event.loaded / event.total);
    sending.onerror = () => reject(new Problem(0));
    sending.onabort = () => reject(signal.reason);
    sending.onload = () => {
      const answer = sending.response ?? {};
      // An upload of which no file was any good is a problem, too, and tells of each file all the same.
      if (sending.status < 400 || answer.items) resolve(answer);
      else reject(new Problem(sending.status, answer, seconds(sending.getResponseHeader("Retry-After"))));
    };
    const abort = () => sending.abort();
    sending.onloadend = () => signal.removeEventListener("abort", abort); // one signal serves thousands of requests
    signal.addEventListener("abort", abort);
    sending.send(form);
  });
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
