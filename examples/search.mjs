// Upload, search, page through, delete: node examples/search.mjs URL PHOTO [PHOTO ...]
// PIVOT_KEY holds the key, where the service asks for one. Nothing but fetch is needed.

import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const [url, ...photos] = process.argv.slice(2);
const key = process.env.PIVOT_KEY;
const collection = `${url}/v1/collections/javascript-example`;

async function ask(address, { headers, ...options } = {}) {
  const authorization = key ? { Authorization: `Bearer ${key}` } : {};
  const answer = await fetch(address, { ...options, headers: { ...headers, ...authorization } });
  const body = await answer.json();
  if (!answer.ok) {
    // A problem document: `type` is for programs, `detail` and `remedy` are for people.
    throw Object.assign(new Error(`${body.detail} ${body.remedy ?? ""}`), { problem: body });
  }
  return body;
}

const post = (address, body) =>
  ask(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

try {
  await post(`${url}/v1/collections`, { name: "javascript-example" }).catch((error) => {
    if (error.problem?.type !== "urn:pivot:collection-exists") throw error;
  });

  const form = new FormData();
  for (const photo of photos) form.append("files", new Blob([await readFile(photo)]), basename(photo));
  form.append("metadata", JSON.stringify({ album: "example" }));
  form.append("captions", JSON.stringify(photos.map((photo) => [{ text: basename(photo), language: "en" }])));
  form.append("external_ids", JSON.stringify(photos.map((_, number) => `photo-${number}`)));
  // The same key with the same form again gives the same answer: a lost one can be asked for again.
  const headers = { "Idempotency-Key": crypto.randomUUID() };
  const added = await ask(`${collection}/images`, { method: "POST", headers, body: form });
  for (const item of added.items) console.log(item.filename, item.status, item.error?.detail ?? "");

  const filter = { metadata: "album", eq: "example" };
  const found = await post(`${collection}/search`, { q: "rot", language: "de", filter });
  for (const { rank, image, scores } of found.results) {
    console.log(rank, image.external_id, scores.symmetric.toFixed(3));
  }

  let images = 0;
  for (let cursor = ""; cursor !== null; ) {
    const page = await ask(`${collection}/images?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    images += page.images.length;
    cursor = page.next_cursor;
  }
  console.log(images, "images");

  const { deleted } = await post(`${collection}/images/delete`, { external_ids: ["photo-0"] });
  console.log(deleted, "deleted");
} catch (error) {
  console.error(error.cause?.message ?? error.message); // fetch hides what kept it from asking
  process.exitCode = 1;
}
