import * as api from "./api.js";
import { byId, element, write } from "./dom.js";
import { languageName, percent, text } from "./language.js";
import { showNotice, showProblem } from "./notice.js";

const PAGE = 60;
const RESULTS = 40;
const LIKELY = 0.5; // how sure a detected language must be to be named

/**
 * What stands below the search box: all photos of a collection, page by page, or the answer to a search, with the
 * line above that says what it is; or a welcome, or a problem and the way out of it.
 */
export class View {
  #gallery;
  #box;
  #onLeave;
  #address = null;
  #loading = new AbortController();
  #collections = [];
  #cursor = null; // of the next page; null: there is none
  #answer = null; // of the search that is shown
  #problem = null;
  #noticed = null; // what the notice tells: a problem, or "nothing" found
  #again = null; // what the button beside the problem tries
  #news = null; // said once in front of the summary, as a function, since the language may change

  /** `onLeave(address)` is asked for when the only way on is another place. */
  constructor({ gallery, box, onLeave }) {
    this.#gallery = gallery;
    this.#box = box;
    this.#onLeave = onLeave;
  }

  get #sought() {
    return this.#address.sought;
  }

  /** Photos in the collection; null before the server has told. */
  get #count() {
    return this.#collections.find(({ name }) => name === this.#address.collection)?.images ?? null;
  }

  /** Resolves when it is drawn. A later call overtakes an earlier one. */
  async show(address) {
    this.#address = address;
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.#drawBox();
    this.#busy(true);
    try {
      const [collections, content] = await Promise.all([this.#fetchCollections(signal), this.#fetch(signal)]);
      this.#collections = collections;
      this.#problem = null;
      this.#accept(content);
      this.draw();
    } catch (problem) {
      if (signal.aborted) return;
      this.#accept({ entries: [] });
      this.fail(problem, () => this.show(this.#address));
    }
    this.#busy(false);
  }

  async more() {
    if (!this.#cursor || this.#problem || this.#loading.signal.aborted) return;
    const { signal } = this.#loading;
    const cursor = this.#cursor;
    this.#cursor = null; // so that the same page is not asked for twice
    try {
      const page = await this.#fetchPage(cursor, signal);
      const position = this.#gallery.size;
      this.#gallery.append(page.entries);
      this.#cursor = page.cursor;
      if (!this.#cursor && document.activeElement === byId("more")) this.#gallery.focus(position);
      this.draw();
    } catch (problem) {
      if (signal.aborted) return;
      this.#cursor = cursor;
      this.fail(problem, () => {
        byId("more").focus();
        return this.more();
      });
    }
  }

  /** Photos just uploaded come first, wherever their page would be: whoever added them looks for them. */
  photosAdded(images) {
    const here = images.filter(({ collection }) => collection === this.#address.collection);
    this.#countBy(here.length);
    if (this.#sought.kind === "all") this.#gallery.prepend(here.map((image) => ({ image })).reverse());
    this.draw();
  }

  photoDeleted(image) {
    const photosLeft = this.#gallery.remove(image.id);
    this.#countBy(-1);
    this.#news = () => text("deleted", { name: image.filename });
    this.draw();
    if (!photosLeft) byId("heading").focus();
  }

  /** Tells a problem below the photos; `again` tries anew what failed. */
  fail(problem, again) {
    if (!(problem instanceof api.Problem)) console.error(problem); // a bug of ours: told all the same
    this.#problem = problem;
    this.#again = again;
    this.draw();
    byId("notice").scrollIntoView({ block: "nearest" });
  }

  async #fetch(signal) {
    const { collection } = this.#address;
    const sought = this.#sought;
    if (sought.kind === "all") return this.#fetchPage(null, signal);
    if (sought.kind === "text") return ranked(await api.search(collection, { q: sought.q, k: RESULTS }, signal));
    if (sought.kind === "photo") return ranked(await api.searchByPhoto(collection, sought.file, RESULTS, signal));
    const image = await api.image(collection, sought.id, signal);
    this.#box.showPhoto("soughtSimilar", image.filename, image.links.thumbnail);
    return ranked(await api.search(collection, { image_id: image.id, k: RESULTS }, signal));
  }

  /**
   * The server counts all photos for this, so not while someone types: only "all photos" shows the number, and what
   * changes here is counted along.
   */
  async #fetchCollections(signal) {
    const known = this.#collections.length > 0 && this.#sought.kind !== "all";
    return known ? this.#collections : api.collections(signal);
  }

  async #fetchPage(cursor, signal) {
    const page = await api.images(this.#address.collection, { limit: PAGE, cursor }, signal);
    return { entries: page.images.map((image) => ({ image })), cursor: page.next_cursor };
  }

  #accept({ entries, cursor = null, answer = null }) {
    this.#cursor = cursor;
    this.#answer = answer;
    this.#news = null;
    this.#gallery.show(entries);
  }

  #countBy(difference) {
    const collection = this.#collections.find(({ name }) => name === this.#address.collection);
    if (collection) collection.images += difference;
  }

  #busy(busy) {
    document.documentElement.toggleAttribute("data-busy", busy);
    byId("photos").setAttribute("aria-busy", busy);
  }

  /** Everything but the tiles, from what is known. */
  draw() {
    const focused = document.activeElement;
    const all = this.#sought.kind === "all";
    const empty = this.#count === 0 && this.#gallery.size === 0 && !this.#problem;
    byId("back").hidden = all;
    write(byId("heading"), this.#heading());
    byId("heading").classList.toggle("unseen", empty && all); // the welcome has a title of its own
    write(byId("summary"), this.#summary());
    byId("welcome").hidden = !empty;
    byId("photos").classList.toggle("plain", all);
    byId("adding").hidden = empty || (this.#problem?.collectionUnknown ?? false);
    byId("examples").hidden = this.#problem !== null || !(all || empty);
    byId("examples-title").textContent = text(empty ? "examplesTitle" : "examplesTry");
    byId("more").hidden = this.#cursor === null || this.#problem !== null;
    document.title = this.#sought.kind === "text" ? `${this.#sought.q} · Pivot` : text("title");
    this.#drawCollections();
    this.#drawNotice(empty);
    if (focused && (!focused.isConnected || focused.closest("[hidden]"))) this.#refocus();
  }

  redraw() {
    this.#noticed = null;
    this.#gallery.redraw();
    this.#box.redraw();
    this.draw();
  }

  #drawBox() {
    const sought = this.#sought;
    if (sought.kind === "text") this.#box.showText(sought.q);
    if (sought.kind === "all") this.#box.showText("");
    if (sought.kind === "photo") this.#box.showPhoto("soughtPhoto", sought.file.name, URL.createObjectURL(sought.file));
  }

  #heading() {
    return text({ all: "photos", text: "results", similar: "similarPhotos", photo: "similarPhotos" }[this.#sought.kind]);
  }

  #summary() {
    const facts = this.#news ? [this.#news()] : [];
    if (this.#answer) facts.push(...this.#searchFacts());
    else if (this.#count && this.#sought.kind === "all" && !this.#problem) {
      facts.push(text("photoCount", { count: this.#count }));
    }
    return facts.join(" · ");
  }

  #searchFacts() {
    const { query, timings_ms: timings } = this.#answer;
    const facts = [text("resultCount", { count: this.#gallery.size })];
    // A lone word is often a word of several languages. The guess changes no result: a poor one only puzzles.
    if (query.language && (query.language.source === "given" || query.language.confidence >= LIKELY)) {
      const { code, confidence, source } = query.language;
      const values = { language: languageName(code), percent: percent(confidence) };
      facts.push(text(source === "detected" ? "understoodSurely" : "understood", values));
    }
    return [...facts, text("took", { ms: Math.ceil(timings.total) })];
  }

  #drawCollections() {
    const { collection } = this.#address;
    const names = this.#collections.map(({ name }) => name);
    const choice = byId("collections");
    choice.hidden = names.length < 2;
    const options = names.map((name) => element("option", { value: name, selected: name === collection }, name));
    choice.querySelector("select").replaceChildren(...options);
  }

  #drawNotice(empty) {
    const notice = byId("notice");
    const nothing = this.#gallery.size === 0 && !empty && this.#cursor === null;
    const noticed = this.#problem ?? (nothing ? "nothing" : null);
    if (noticed === this.#noticed) return; // a screen reader repeats an alert for every write
    this.#noticed = noticed;
    notice.hidden = noticed === null;
    if (this.#problem) showProblem(notice, this.#problem, this.#wayOut());
    else if (nothing) showNotice(notice, { symbol: "nothing", title: text("nothingTitle"), lines: [text("nothingText")] });
  }

  /** What had the focus is gone: on with the way out of a problem, or from the top. */
  #refocus() {
    const wayOut = this.#problem && byId("notice").querySelector("button");
    (wayOut ?? byId("heading")).focus({ preventScroll: true });
  }

  #wayOut() {
    if (this.#problem.passing) return { label: text("retry"), run: () => this.#retry() };
    const collection = this.#sought.kind === "all" ? "default" : this.#address.collection;
    return { label: text("allPhotos"), run: () => this.#onLeave({ collection, sought: { kind: "all" } }) };
  }

  #retry() {
    this.#problem = null;
    this.draw();
    return this.#again();
  }
}

function ranked(answer) {
  const entries = answer.results.map(({ rank, image, scores }) => ({ image, rank, scores, score: scores[answer.scoring] }));
  return { entries, answer };
}
