import { hrefOf, isSearch, NOTHING, readAddress, writeAddress } from "./address.js";
import * as api from "./api.js";
import { CollectionMenu } from "./collections.js";
import { Deletions } from "./deletions.js";
import { byId } from "./dom.js";
import { watchChoices, watchDrops, watchPaste } from "./dropped.js";
import { drawExamples } from "./examples.js";
import { FilterPanel } from "./filterpanel.js";
import { Gallery } from "./gallery.js";
import { Imports } from "./imports.js";
import { language, onLanguage, setLanguage, translate } from "./language.js";
import { Large } from "./large.js";
import { Panel } from "./panel.js";
import { SearchBox } from "./searchbox.js";
import { Selection } from "./selection.js";
import { SelectionBar } from "./selectionbar.js";
import { Session } from "./session.js";
import { watchGrid } from "./steps.js";
import { watchTheme } from "./theme.js";
import { Uploads } from "./uploads.js";
import { View } from "./view.js";

let address = readAddress();
let typing = false; // the address was written while typing: the next letters replace it, "back" leaves the search
let pushed = false; // the large view has an entry of its own in the history: closing it goes back there

const gallery = new Gallery(byId("photos"), { hrefOf: (image) => hrefOf({ ...address, image: image.id }) });
const box = new SearchBox(byId("search"), { onText: searchText, onPhoto: searchPhoto, onDrop: dropPart });
const view = new View({ gallery, box, on: { leave: go, drawn, keyWanted: () => session.want() } });
const selection = new Selection({ onChange: selectionChanged });
const bar = new SelectionBar(selection, { similar: showSimilar, remove, all: () => selection.add(gallery.entries) });
const filters = new FilterPanel({
  filter: (filter) => go({ ...address, filter }),
  sort: (sort) => go({ ...address, sort }),
});
const menu = new CollectionMenu({ choose: chooseCollection, changed: () => view.reloadCollections() });
const deletions = new Deletions({
  send: api.removeMany,
  present: api.present,
  onHide: (images) => view.hide(images, true),
  onRestore: (images) => view.hide(images, false),
  onGone: (images) => gallery.forget(images.map(({ id }) => id)),
  onFail: (problem, again) => view.fail(problem, again),
});
const large = new Large({
  step: (position) => openLarge(position),
  close: closeLarge,
  similar: (image) => leaveLarge(() => showSimilar([image])),
  unlike: (image) => leaveLarge(() => showUnlike(image)),
  remove: removeInLarge,
  changed: (image) => gallery.update(image),
});
const session = new Session({ onEntered: entered, onLeft: () => go(address, { replace: true }) });
const uploads = new Uploads({ send: api.upload, onChange: uploadChanged, onAdded: (images) => view.photosAdded(images) });
const imports = new Imports(api, { change: () => panels.forEach((panel) => panel.draw()), looked: importLooked });
const panels = [new Panel(byId("uploads"), uploads), new Panel(byId("imports"), imports)];

function go(next, { replace = false } = {}) {
  address = { ...next, image: null };
  typing = false;
  pushed = false;
  selection.clear();
  writeAddress(address, { replace });
  if (!replace) scrollTo(0, 0);
  return view.show(address);
}

function goTo(sought, options) {
  return go({ ...address, sought: isSearch(sought) ? sought : NOTHING }, options);
}

function searchText(q, { typed }) {
  const same = address.sought.q === q;
  if (typed && same) return;
  goTo({ ...address.sought, q }, { replace: typing || same });
  typing = typed;
}

function searchPhoto(photo) {
  return goTo({ ...NOTHING, photo });
}

function dropPart(part) {
  const { sought } = address;
  const without = (ids, id) => ids.filter((one) => one !== id);
  return goTo({
    ...sought,
    photo: part.photo ? null : sought.photo,
    like: without(sought.like, part.like),
    unlike: without(sought.unlike, part.unlike),
  });
}

async function showSimilar(images) {
  await goTo({ ...NOTHING, like: images.map(({ id }) => id) });
  byId("heading").focus({ preventScroll: true }); // the button that had the focus is gone
}

async function showUnlike({ id }) {
  const { like, unlike, ...rest } = address.sought;
  await goTo({ ...rest, like: like.filter((one) => one !== id), unlike: [...new Set([...unlike, id])] });
  byId("heading").focus({ preventScroll: true });
}

function remove(images) {
  if (!session.mayWrite) return;
  selection.clear();
  deletions.hold(images);
}

function chooseCollection(collection) {
  imports.pickUp(collection);
  return go({ ...address, collection, sought: { ...NOTHING, q: address.sought.q } });
}

function entered(found) {
  if (strange(found)) chooseCollection(found.collections[0]);
  else view.show(address).then(followImage);
  for (const work of [uploads, imports]) if (work.state === "stopped") work.resume();
  imports.pickUp(address.collection);
}

/** Whether a key is for other collections than the one that is shown. */
function strange(found) {
  return found?.collections?.length > 0 && !found.collections.includes(address.collection);
}

function openLarge(position) {
  const entry = gallery.entries[position];
  const replace = large.open;
  address = { ...address, image: entry.image.id };
  writeAddress(address, { replace });
  if (!replace) pushed = true;
  showLarge(entry, position);
  if (position > gallery.size - 5) view.more();
}

function showLarge(entry, position) {
  const neighbours = [position + 1, position - 1].map((one) => gallery.entries[one]).filter(Boolean);
  large.show(entry, position, { size: gallery.size, neighbours });
}

/** Opens the large view that the address asks for, or closes it. */
async function followImage() {
  if (!address.image) {
    large.close();
    return;
  }
  const position = gallery.entries.findIndex(({ image }) => image.id === address.image);
  if (position >= 0) {
    showLarge(gallery.entries[position], position);
    return;
  }
  const { collection, image: id } = address;
  try {
    const image = await api.image(collection, id);
    if (address.image === id) showLarge({ image }, -1);
  } catch {
    if (address.image === id) closeLarge(); // deleted meanwhile: the grid is what is left of the address
  }
}

function closeLarge() {
  if (!address.image) return;
  const id = address.image;
  address = { ...address, image: null };
  if (pushed) history.back();
  else writeAddress(address, { replace: true });
  pushed = false;
  const position = gallery.entries.findIndex(({ image }) => image.id === id);
  if (position >= 0) gallery.focus(position);
}

/** From the large view to another place, which takes over its entry in the history. */
function leaveLarge(action) {
  address = { ...address, image: null };
  pushed = false;
  large.close();
  return action();
}

function removeInLarge(images) {
  if (!session.mayWrite) return;
  const position = gallery.entries.findIndex(({ image }) => image.id === images[0].id);
  deletions.hold(images);
  if (position === -1 || gallery.size === 0) large.close();
  else openLarge(Math.min(position, gallery.size - 1));
}

function selectionChanged() {
  gallery.mark((id) => selection.has(id));
  bar.draw();
}

function drawn() {
  if (large.open) large.grow(gallery.size);
  menu.draw(view.collections, address.collection);
  filters.draw(address, { searches: isSearch(address.sought) });
}

function addFiles(reading) {
  if (session.mayWrite) uploads.add(address.collection, reading);
}

function addArchives(files) {
  if (session.mayWrite) imports.add(address.collection, files);
}

/** The grid waits for the end, or it would jump under whoever looks at it; unless there is nothing to look at. */
function importLooked(job, ended) {
  if (job.collection !== address.collection || !job.created) return;
  if (ended || !gallery.size) view.show(address);
}

function uploadChanged() {
  panels.forEach((panel) => panel.draw());
  // What was added may belong into the answer that is shown.
  if (!uploads.active && uploads.added && isSearch(address.sought)) view.show(address);
}

function drawLanguage() {
  document.documentElement.lang = language();
  translate(document);
  for (const button of byId("languages").children) button.setAttribute("aria-pressed", button.value === language());
}

function showExample(q) {
  goTo({ ...NOTHING, q });
  box.focus();
}

function wireNavigation() {
  byId("home").addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go({ ...address, sought: NOTHING, filter: {} });
  });
  byId("back").addEventListener("click", async () => {
    await goTo(NOTHING);
    box.focus();
  });
  byId("languages").addEventListener("click", (event) => {
    if (event.target.value) setLanguage(event.target.value);
  });
  byId("more").addEventListener("click", () => view.more());
  byId("choose").addEventListener("click", () => (selection.choosing ? selection.clear() : selection.choose()));
  addEventListener("keydown", (event) => {
    const writes = event.target.closest("input, textarea, select");
    const command = event.ctrlKey || event.metaKey;
    if (event.key === "Escape" && selection.choosing && !document.querySelector("dialog[open]")) selection.clear();
    else if (command && event.key === "z" && !writes && deletions.pending) deletions.undo();
    else if (command && event.key === "k") box.focus();
    else return;
    event.preventDefault();
  });
  addEventListener("popstate", () => {
    pushed = false;
    const before = hrefOf({ ...address, image: null });
    const photo = address.sought.photo;
    address = readAddress();
    typing = false;
    const same = hrefOf({ ...address, image: null }) === before && address.sought.photo === photo;
    if (same) followImage();
    else view.show(address).then(followImage);
  });
  addEventListener("beforeunload", (event) => {
    if (uploads.active || imports.sending) event.preventDefault();
  });
}

/** Further pages come by themselves before the end is in sight; the button is for those who don't scroll. */
function watchEnd() {
  const watcher = new IntersectionObserver(
    async (reports) => {
      const end = reports.at(-1); // out of sight and back in it may come as one: the last one holds
      if (!end.isIntersecting) return;
      await view.more();
      // Observing anew reports at once: the end may still be in sight.
      watcher.unobserve(end.target);
      watcher.observe(end.target);
    },
    { rootMargin: "200% 0px" },
  );
  watcher.observe(byId("more"));
}

onLanguage(() => {
  drawLanguage();
  panels.forEach((panel) => panel.draw());
  view.redraw();
  bar.draw();
  deletions.draw();
});

drawLanguage();
drawExamples(showExample);
watchTheme(byId("theme"));
watchGrid(byId("photos"), {
  gallery,
  selection,
  on: { open: openLarge, similar: (image) => showSimilar([image]), unlike: showUnlike, remove },
});
watchChoices({ onUpload: addFiles, onArchives: addArchives });
watchDrops({ onUpload: addFiles, onArchives: addArchives, onSearch: searchPhoto });
watchPaste(searchPhoto);
wireNavigation();
watchEnd();
view.show(address).then(followImage);
imports.pickUp(address.collection);
session.load().then((found) => strange(found) && chooseCollection(found.collections[0]));
