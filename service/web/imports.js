import { text } from "./language.js";
import { sentences } from "./notice.js";
import { patiently, pause } from "./patience.js";
import { ABOUT_THE_FILES } from "./uploads.js";

const LOOK_SECONDS = 1;
const AGAIN_SECONDS = 3; // where the server does not answer
const FAILURES_ASKED = 100; // of each job
const OPEN = new Set(["queued", "running"]);

/**
 * Archives on their way to the server, one after the other, and the jobs there that add what is in them. A job needs
 * no page: those that are under way already are picked up, whoever began them.
 *
 * `server` has the calls of api.js; `on.change()` is told of every step, `on.looked(job, ended)` of each look at a job.
 */
export class Imports {
  #server;
  #on;
  #waiting;
  #sending;
  #refused;
  #jobs;
  #trouble;
  #cancelled;
  #controller;

  constructor(server, on) {
    this.#server = server;
    this.#on = on;
    this.#reset();
  }

  #reset() {
    this.#waiting = []; // { collection, file }
    this.#sending = null; // { name, share }
    this.#refused = []; // archives that are no good, as failures
    this.#jobs = new Map(); // id -> { job, name, failures, ended }
    this.#trouble = null; // the problem that keeps us from sending or from looking
    this.#cancelled = false;
    this.#controller = new AbortController();
  }

  get sending() {
    return this.#sending !== null;
  }

  get active() {
    return this.sending || this.#open.length > 0;
  }

  get state() {
    if (this.sending) return "sending";
    if (this.#waiting.length && !this.#cancelled) return "stopped";
    if (this.#open.length) return "importing";
    if (!this.#all.length && !this.#refused.length && !this.#cancelled) return "idle";
    return this.#cancelled || this.#all.some(({ job }) => job.state === "cancelled") ? "cancelled" : "done";
  }

  get closable() {
    return !this.active && this.state !== "stopped";
  }

  /** 0 to 1; null while nobody knows. */
  get share() {
    if (this.sending) return this.#sending.share;
    const total = this.#sum("total");
    return total === null ? null : this.#sum("done") / Math.max(1, total);
  }

  get added() {
    return this.#sum("created");
  }

  get existing() {
    return this.#sum("existing");
  }

  get failed() {
    return this.#sum("failed") + this.#refused.length + this.#lost.length;
  }

  get failures() {
    return [...this.#refused, ...this.#lost, ...this.#all.flatMap(({ failures }) => failures)];
  }

  get headline() {
    const { state } = this;
    if (state === "sending") return text("importSending", { name: this.#sending.name });
    if (state !== "importing") return text(state === "done" ? "importDone" : state);
    if (this.#cancelled) return text("importCancelling");
    const total = this.#sum("total");
    return total === null ? text("importCounting") : text("uploading", { done: this.#sum("done"), total });
  }

  /** What else there is to say, line by line. */
  get notes() {
    const skipped = this.#sum("skipped");
    const unsent = this.sending ? 0 : this.#waiting.length;
    return [
      ...(this.#trouble ? sentences(this.#trouble) : []),
      ...(unsent ? [text("importUnsent", { count: unsent })] : []),
      ...(skipped ? [text("importSkipped", { count: skipped })] : []),
    ];
  }

  async add(collection, files) {
    this.#begin();
    this.#waiting.push(...files.map((file) => ({ collection, file })));
    if (!this.sending) await this.resume();
  }

  /** Follows the jobs of a collection that are under way. */
  async pickUp(collection) {
    const jobs = await this.#server.openJobs(collection).catch(() => []); // the photos tell the same problem
    if (jobs.length) this.#begin();
    for (const job of jobs) this.#take(job, text("importNumber", { id: job.id }));
  }

  /** Goes on with what waits, after the server was gone. */
  async resume() {
    this.#trouble = null;
    while (this.#waiting.length && !this.#cancelled && !this.#trouble) await this.#sendOne(this.#waiting.shift());
    this.#on.change();
  }

  /** What has been added stays. */
  cancel() {
    this.#cancelled = true;
    // Of an archive that may have arrived as a whole, the job is awaited, so that it can be cancelled.
    if (this.#sending?.share < 1) this.#controller.abort();
    for (const { job } of this.#open) this.#cancelJob(job);
    this.#on.change();
  }

  #begin() {
    if (this.sending || this.state === "stopped") return;
    if (this.#cancelled || !this.active) this.#reset();
  }

  async #sendOne(waiting) {
    const { collection, file } = waiting;
    const { signal } = this.#controller;
    const onSent = (share) => {
      this.#sending.share = share;
      this.#on.change();
    };
    this.#sending = { name: file.name, share: 0 };
    this.#on.change();
    try {
      const job = await patiently(() => this.#server.sendArchive(collection, file, { signal, onSent }), signal);
      this.#sending = null;
      this.#take(job, file.name);
      if (this.#cancelled) this.#cancelJob(job);
    } catch (problem) {
      this.#sending = null;
      if (ABOUT_THE_FILES.has(problem.status)) this.#refused.push(failure(file.name, problem));
      else this.#waiting.unshift(waiting);
      if (!this.#cancelled && !ABOUT_THE_FILES.has(problem.status)) this.#fail(problem);
    }
  }

  #take(job, name) {
    if (this.#jobs.has(job.id)) return;
    this.#jobs.set(job.id, { job, name, failures: [], ended: false });
    this.#on.change();
    this.#follow(job.id);
  }

  async #follow(id) {
    while (this.#jobs.get(id)?.ended === false) {
      await pause(LOOK_SECONDS);
      try {
        const job = await this.#server.job(id);
        if (!this.#waiting.length) this.#trouble = null;
        await this.#looked(job);
      } catch (problem) {
        if (problem.status === 404) this.#jobs.delete(id); // gone with its collection
        else this.#fail(problem);
        await pause(AGAIN_SECONDS);
      }
    }
  }

  async #looked(job) {
    const known = this.#jobs.get(job.id);
    if (job.failed > known.failures.length && known.failures.length < FAILURES_ASKED) {
      const items = await this.#server.failedItems(job.id, FAILURES_ASKED);
      known.failures = items.map(({ name, error }) => failure(name, error));
    }
    known.ended = ended(known.job, job);
    known.job = job;
    this.#on.change();
    this.#on.looked(job, known.ended);
  }

  #cancelJob({ id }) {
    this.#server.cancelJob(id).catch((problem) => this.#fail(problem));
  }

  #fail(problem) {
    this.#trouble = problem;
    this.#on.change();
  }

  get #all() {
    return [...this.#jobs.values()];
  }

  get #open() {
    return this.#all.filter(({ ended }) => !ended);
  }

  /** Jobs that failed as a whole. */
  get #lost() {
    return this.#all.filter(({ job }) => job.error).map(({ job, name }) => failure(name, job.error));
  }

  /** Over all jobs; null where one does not know yet. */
  #sum(count) {
    const counts = this.#all.map(({ job }) => job[count]);
    return counts.includes(null) ? null : counts.reduce((sum, one) => sum + one, 0);
  }
}

/** Those of its photos that a job is at when it is cancelled still come: two looks have to tell the same. */
function ended(before, { state, done }) {
  return !OPEN.has(state) && (state !== "cancelled" || (before.state === state && before.done === done));
}

function failure(filename, { title, detail, remedy }) {
  return { filename, detail: detail ?? title, remedy };
}
