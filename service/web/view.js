import { isSearch, NEWEST, NOTHING } from "./address.js";
import * as api from "./api.js";
import { byId, write } from "./dom.js";
import { find } from "./finding.js";
import { text } from "./language.js";
import { showNotice, showProblem } from "./notice.js";
import { Problem } from "./request.js";
import { summary } from "./summary.js";

/**
 * What stands below the search box: all photos of a collection, page by page, or the answer to a search, with the
 * line above that says what it is; or a welcome, or a problem and the way out of it.
 */
export class View {
  #gallery;
  #box;
  #on;
  #address = null;
  #loading = new AbortController();
  #collections = [];
  #known = new Map(); // id -> image, of those that were ever shown
  #cursor = null; // of the next page; null: there is none
  #answer = null; // of the search that is shown
  #problem = null;
  #noticed = null; // what the notice tells: a problem, or "nothing" found
  #again = null; // what the button beside the problem tries

  /**
   * `on.leave(address)` is asked for when the only way on is another place; `on.drawn()` told of every drawing;
   * `on.keyWanted()` when the server asks for a key.
   */
  constructor({ gallery, box, on }) {
    this.#gallery = gallery;
    this.#box = box;
    this.#on = on;
  }

  get #searches() {
    return isSearch(this.#address.sought);
  }

  get #filtered() {
    return Object.keys(this.#address.filter).length > 0;
  }

  get collections() {
    return this.#collections;
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
    this.#cursor = null; // it belongs to what was shown before
    this.#drawBox();
    this.#busy(true);
    try {
      const [collections, content] = await Promise.all([
        this.#fetchCollections(signal),
        find(address, { signal }),
        this.#fetchSought(signal),
      ]);
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
      const page = await find(this.#address, { cursor, signal });
      const position = this.#gallery.size;
      this.#remember(page.entries);
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
    if (!this.#searches && !this.#filtered) this.#gallery.prepend(here.map((image) => ({ image })).reverse());
    this.draw();
  }

  /** Photos out of sight, or back in it. */
  hide(images, hidden) {
    this.#gallery.hide(images.map(({ id }) => id), hidden);
    this.#countBy(hidden ? -images.length : images.length);
    this.draw();
    if (!this.#gallery.size) byId("heading").focus();
  }

  /** Tells a problem below the photos; `again` tries anew what failed. */
  fail(problem, again) {
    if (!(problem instanceof Problem)) console.error(problem); // a bug of ours: told all the same
    this.#problem = problem;
    this.#again = again;
    this.draw();
    if (problem.keyWanted) this.#on.keyWanted();
    byId("notice").scrollIntoView({ block: "nearest" });
  }

  /** Everything but the tiles, from what is known. */
  draw() {
    const focused = document.activeElement;
    const all = !this.#searches;
    const empty = this.#count === 0 && this.#gallery.size === 0 && !this.#problem;
    byId("back").hidden = all;
    write(byId("heading"), this.#heading());
    byId("heading").classList.toggle("unseen", empty && all); // the welcome has a title of its own
    write(byId("summary"), this.#summary());
    byId("welcome").hidden = !empty;
    byId("photos").classList.toggle("plain", all);
    byId("sifting").hidden = empty;
    byId("tools").hidden = empty || (this.#problem?.collectionUnknown ?? false);
    byId("examples").hidden = this.#problem !== null || !(all || empty);
    byId("examples-title").textContent = text(empty ? "examplesTitle" : "examplesTry");
    byId("more").hidden = this.#cursor === null || this.#problem !== null;
    document.title = this.#address.sought.q ? `${this.#address.sought.q} · Pivot` : text("title");
    this.#drawNotice(empty);
    if (focused && (!focused.isConnected || focused.closest("[hidden]"))) this.#refocus();
    this.#on.drawn();
  }

  redraw() {
    this.#noticed = null;
    this.#gallery.redraw();
    this.#box.redraw();
    this.draw();
  }

  /** The collections have changed by something other than photos. */
  async reloadCollections() {
    this.#collections = await api.collections();
    this.draw();
  }

  /**
   * The server counts all photos for this, so not while someone types: only "all photos" shows the number, and what
   * changes here is counted along.
   */
  async #fetchCollections(signal) {
    const known = this.#collections.length > 0 && this.#searches;
    return known ? this.#collections : api.collections(signal);
  }

  /** The photos that results shall be like or unlike: their names and pictures stand in the box. */
  async #fetchSought(signal) {
    const { collection, sought } = this.#address;
    const unknown = [...sought.like, ...sought.unlike].filter((id) => !this.#known.has(id));
    const images = await Promise.all(unknown.map((id) => api.image(collection, id, signal)));
    this.#remember(images.map((image) => ({ image })));
    if (images.length) this.#drawBox();
  }

  #remember(entries) {
    for (const { image } of entries) this.#known.set(image.id, image);
  }

  #accept({ entries, cursor = null, answer = null }) {
    this.#cursor = cursor;
    this.#answer = answer;
    this.#remember(entries);
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

  #drawBox() {
    this.#box.show(this.#address.sought, (id) => this.#known.get(id) ?? null);
  }

  #heading() {
    if (!this.#searches) return text("photos");
    return text(this.#address.sought.q ? "results" : "similarPhotos");
  }

  #summary() {
    if (this.#problem) return "";
    const shown = { count: this.#gallery.size, more: this.#cursor !== null };
    return summary({ answer: this.#answer, shown, total: this.#count, filtered: this.#filtered });
  }

  #drawNotice(empty) {
    const notice = byId("notice");
    const nothing = this.#gallery.size === 0 && !empty && this.#cursor === null;
    const noticed = this.#problem ?? (nothing ? "nothing" : null);
    if (noticed === this.#noticed) return; // a screen reader repeats an alert for every write
    this.#noticed = noticed;
    notice.hidden = noticed === null;
    if (this.#problem) showProblem(notice, this.#problem, this.#wayOut());
    else if (nothing) this.#showNothing(notice);
  }

  #showNothing(notice) {
    if (!this.#filtered) {
      showNotice(notice, { symbol: "nothing", title: text("nothingTitle"), lines: [text("nothingText")] });
      return;
    }
    const action = { label: text("clearFilter"), run: () => this.#on.leave({ ...this.#address, filter: {} }) };
    showNotice(notice, { symbol: "filter", title: text("filteredTitle"), lines: [text("filteredText")], action });
  }

  /** What had the focus is gone: on with the way out of a problem, or from the top. */
  #refocus() {
    const wayOut = this.#problem && byId("notice").querySelector("button");
    (wayOut ?? byId("heading")).focus({ preventScroll: true });
  }

  #wayOut() {
    if (this.#problem.keyWanted) return { label: text("enterKey"), run: () => this.#on.keyWanted() };
    if (this.#problem.passing) return { label: text("retry"), run: () => this.#retry() };
    const collection = this.#searches ? this.#address.collection : "default";
    const home = { collection, sought: NOTHING, filter: {}, sort: NEWEST, image: null };
    return { label: text("allPhotos"), run: () => this.#on.leave(home) };
  }

  #retry() {
    this.#problem = null;
    this.draw();
    return this.#again();
  }
}
