import * as api from "./api.js";
import { readAddress, writeAddress } from "./address.js";
import { confirmDelete } from "./confirm.js";
import { byId, element } from "./dom.js";
import { readFolder, watchDrops } from "./dropped.js";
import { Gallery } from "./gallery.js";
import { language, onLanguage, setLanguage, translate } from "./language.js";
import { examples } from "./messages.js";
import { Panel } from "./panel.js";
import { SearchBox } from "./searchbox.js";
import { Uploads } from "./uploads.js";
import { View } from "./view.js";

let address = readAddress();
let typing = false; // the address was written while typing: the next letters replace it, "back" leaves the search

const gallery = new Gallery(byId("photos"), { onSimilar: showSimilar, onDelete: deletePhoto });
const box = new SearchBox(byId("search"), {
  onText: searchText,
  onPhoto: (file) => goTo({ kind: "photo", file }),
  onClear: () => goTo({ kind: "all" }),
});
const view = new View({ gallery, box, onLeave: go });
const uploads = new Uploads({ send: api.upload, onChange: uploadChanged, onAdded: (images) => view.photosAdded(images) });
const panel = new Panel(byId("uploads"), uploads);

function go(next, { replace = false } = {}) {
  address = next;
  typing = false;
  writeAddress(address, { replace });
  if (!replace) scrollTo(0, 0);
  return view.show(address);
}

function goTo(sought, options) {
  return go({ ...address, sought }, options);
}

function searchText(q, { typed }) {
  const same = (address.sought.q ?? "") === q;
  if (typed && same) return;
  goTo(q ? { kind: "text", q } : { kind: "all" }, { replace: typing || same });
  typing = typed;
}

async function showSimilar(image) {
  await goTo({ kind: "similar", id: image.id });
  byId("heading").focus({ preventScroll: true }); // the button that had the focus is gone
}

async function deletePhoto(image) {
  if (await confirmDelete(image)) await removePhoto(image);
}

async function removePhoto(image) {
  try {
    await api.remove(image.collection, image.id);
    view.photoDeleted(image);
  } catch (problem) {
    // Someone else was quicker: gone is what was asked for.
    if (problem.status === 404) view.photoDeleted(image);
    else view.fail(problem, () => removePhoto(image));
  }
}

function addFiles(reading) {
  uploads.add(address.collection, reading);
}

function uploadChanged() {
  panel.draw();
  // What was added may belong into the answer that is shown.
  if (!uploads.active && uploads.added && address.sought.kind !== "all") view.show(address);
}

function drawLanguage() {
  document.documentElement.lang = language();
  translate(document);
  for (const button of byId("languages").children) button.setAttribute("aria-pressed", button.value === language());
}

function drawExamples() {
  const chips = examples.map(({ language: lang, q }) => {
    const onclick = () => {
      goTo({ kind: "text", q });
      box.focus();
    };
    return element("li", {}, element("button", { type: "button", class: "chip", lang, onclick }, q));
  });
  byId("examples").querySelector("ul").replaceChildren(...chips);
}

function wireAdding() {
  const inputs = { photos: byId("photos-chosen"), folder: byId("folder-chosen") };
  inputs.photos.addEventListener("change", () => {
    addFiles({ files: [...inputs.photos.files] });
    inputs.photos.value = "";
  });
  inputs.folder.addEventListener("change", () => {
    addFiles(readFolder(inputs.folder.files));
    inputs.folder.value = "";
  });
  for (const button of document.querySelectorAll("[data-adds]")) {
    button.hidden = button.dataset.adds === "folder" && !("webkitdirectory" in inputs.folder);
    button.addEventListener("click", () => inputs[button.dataset.adds].click());
  }
  watchDrops({ onUpload: addFiles, onSearch: (file) => goTo({ kind: "photo", file }) });
}

function wireNavigation() {
  byId("home").addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    goTo({ kind: "all" });
  });
  byId("back").addEventListener("click", async () => {
    await goTo({ kind: "all" });
    box.focus();
  });
  byId("collections").addEventListener("change", (event) => {
    const sought = address.sought.kind === "text" ? address.sought : { kind: "all" };
    go({ collection: event.target.value, sought });
  });
  byId("languages").addEventListener("click", (event) => {
    if (event.target.value) setLanguage(event.target.value);
  });
  byId("more").addEventListener("click", () => view.more());
  addEventListener("popstate", () => {
    address = readAddress();
    typing = false;
    view.show(address);
  });
  addEventListener("beforeunload", (event) => {
    if (uploads.active) event.preventDefault();
  });
}

/** Further pages come by themselves a screen before the end; the button is for those who don't scroll. */
function watchEnd() {
  const watcher = new IntersectionObserver(
    async ([end]) => {
      if (!end.isIntersecting) return;
      await view.more();
      // Observing anew reports at once: the end may still be in sight.
      watcher.unobserve(end.target);
      watcher.observe(end.target);
    },
    { rootMargin: "100% 0px" },
  );
  watcher.observe(byId("more"));
}

onLanguage(() => {
  drawLanguage();
  panel.draw();
  view.redraw();
});

drawLanguage();
drawExamples();
wireAdding();
wireNavigation();
watchEnd();
view.show(address);
