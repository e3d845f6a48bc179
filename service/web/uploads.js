import { text } from "./language.js";
import { sentences } from "./notice.js";
import { patiently } from "./patience.js";

const BATCH_FILES = 8;
const BATCH_BYTES = 64 * 1024 * 1024;

// Other refusals say nothing about the files sent: going on with the next ones would fail the same way.
export const ABOUT_THE_FILES = new Set([400, 413, 415, 422]);

/**
 * Files on their way to the server, in small batches, one after the other. Nothing is dropped silently: every file
 * ends as added, existing or failed, or stays waiting after a cancel or when the server is gone.
 *
 * `send(collection, files, { onSent, signal })` is api.upload; `onChange()` is told of every step, `onAdded(images)`
 * of what became part of the collection.
 */
export class Uploads {
  #send;
  #onChange;
  #onAdded;
  #waiting;
  #controller;

  constructor({ send, onChange, onAdded }) {
    this.#send = send;
    this.#onChange = onChange;
    this.#onAdded = onAdded;
    this.#reset();
  }

  #reset() {
    this.state = "idle"; // then "reading", "sending", and at last "done", "cancelled" or, with `problem`:
    // "stopped", from where it can go on, or "refused", for good
    this.problem = null;
    this.total = 0;
    this.added = 0;
    this.existing = 0;
    this.failures = [];
    this.leftOut = 0;
    this.bytes = 0;
    this.bytesSettled = 0;
    this.bytesSent = 0;
    this.#waiting = [];
    this.#controller = new AbortController();
  }

  get active() {
    return this.state === "sending" || this.state === "reading";
  }

  get settled() {
    return this.added + this.existing + this.failures.length;
  }

  get failed() {
    return this.failures.length;
  }

  get closable() {
    return !this.active && this.state !== "stopped";
  }

  get headline() {
    if (this.state === "sending") return text("uploading", { done: this.settled, total: this.total });
    return text({ reading: "uploadReading", done: "done", cancelled: "cancelled" }[this.state] ?? "stopped");
  }

  /** What else there is to say, line by line. */
  get notes() {
    const unsent = this.#waiting.length;
    return [
      ...(this.problem ? sentences(this.problem) : []),
      ...(unsent && this.state !== "sending" ? [text("unsent", { count: unsent })] : []),
      ...(this.leftOut ? [text("leftOut", { count: this.leftOut })] : []),
    ];
  }

  /** 0 to 1, by bytes: files differ in size by a factor of a hundred. Null while nobody knows. */
  get share() {
    if (this.state === "reading") return null;
    return this.bytes ? (this.bytesSettled + this.bytesSent) / this.bytes : 0;
  }

  /** `reading` is as in dropped.js, or a promise of it: a large folder takes a while to walk. */
  async add(collection, reading) {
    if (!this.active && this.state !== "stopped") this.#reset();
    if (this.state !== "sending" && reading instanceof Promise) this.#enter("reading");
    const { signal } = this.#controller;
    const { files, leftOut = 0, unreadable = [] } = await reading;
    if (signal.aborted) return;
    this.leftOut += leftOut;
    this.total += files.length + unreadable.length;
    this.bytes += files.reduce((sum, file) => sum + file.size, 0);
    for (const filename of unreadable) this.failures.push(cannotRead(filename));
    this.#waiting.push(...files.map((file) => ({ collection, file })));
    if (this.state !== "sending") await this.resume();
  }

  /** Goes on with what waits, after the server was gone. */
  async resume() {
    this.problem = null;
    this.#enter("sending");
    while (this.#waiting.length && this.state === "sending") await this.#sendBatch(this.#takeBatch());
    if (this.state === "sending") this.#enter("done");
  }

  cancel() {
    this.#controller.abort();
    this.#enter("cancelled");
  }

  #enter(state) {
    this.state = state;
    this.#onChange();
  }

  #takeBatch() {
    const collection = this.#waiting[0].collection;
    let bytes = 0;
    const stop = this.#waiting.findIndex((waiting, position) => {
      bytes += waiting.file.size;
      const full = position === BATCH_FILES || (position > 0 && bytes > BATCH_BYTES);
      return full || waiting.collection !== collection;
    });
    return this.#waiting.splice(0, stop === -1 ? this.#waiting.length : stop);
  }

  async #sendBatch(batch) {
    const readable = await this.#readable(batch);
    if (readable.length) {
      await this.#sendPatiently(readable).then(
        (answer) => this.#account(readable, answer),
        (problem) => this.#refuse(readable, problem),
      );
    }
    this.bytesSent = 0;
    this.#onChange();
  }

  /** The browser reports a file that vanished since it was chosen as a network error: better ask it first. */
  async #readable(batch) {
    const readable = [];
    for (const waiting of batch) {
      try {
        await waiting.file.slice(0, 1).arrayBuffer();
        readable.push(waiting);
      } catch {
        this.failures.push(cannotRead(waiting.file.name));
        this.bytesSettled += waiting.file.size;
      }
    }
    return readable;
  }

  #sendPatiently(batch) {
    const bytes = batch.reduce((sum, { file }) => sum + file.size, 0);
    const { signal } = this.#controller;
    const onSent = (share) => {
      this.bytesSent = share * bytes;
      this.#onChange();
    };
    const files = batch.map(({ file }) => file);
    return patiently(() => this.#send(batch[0].collection, files, { signal, onSent }), signal);
  }

  #account(batch, answer) {
    this.added += answer.created ?? 0;
    this.existing += answer.existing ?? 0;
    for (const item of answer.items) {
      if (item.status === "failed") this.#fail(batch[item.index].file, item.error);
      else this.bytesSettled += batch[item.index].file.size;
    }
    this.#onAdded(answer.items.filter((item) => item.status === "created").map((item) => item.image));
  }

  #refuse(batch, problem) {
    if (ABOUT_THE_FILES.has(problem.status)) {
      for (const { file } of batch) this.#fail(file, problem);
      return;
    }
    this.#waiting.unshift(...batch);
    if (this.state === "cancelled") return;
    this.problem = problem;
    this.#enter(problem.collectionUnknown ? "refused" : "stopped");
  }

  #fail(file, { title, detail, remedy }) {
    this.failures.push({ filename: file.name, detail: detail ?? title, remedy });
    this.bytesSettled += file.size;
  }
}

function cannotRead(filename) {
  return { filename, detail: text("unreadable"), remedy: text("unreadableRemedy") };
}
