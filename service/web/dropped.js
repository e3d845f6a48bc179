import { byId } from "./dom.js";

/**
 * Files that come by drag and drop, by a paste or from a dialog. The page has two targets, marked `data-drop`: the search box
 * ("search") and everything else ("upload"). Both show themselves as soon as files hover over the window.
 */
const ARCHIVE = /\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz))$/i;
const IMAGE = /\.(jpe?g|png|webp|gif|bmp|tiff?|avif|hei[cf])$/i;

export function watchDrops({ onUpload, onArchives, onSearch }) {
  const root = document.documentElement;
  const targets = [...document.querySelectorAll("[data-drop]")];

  const mark = (over) => {
    root.toggleAttribute("data-dragging", over !== null);
    for (const target of targets) target.toggleAttribute("data-over", target.dataset.drop === over);
  };
  const under = (event) => event.target.closest?.("[data-drop]")?.dataset.drop ?? "upload";

  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    mark(under(event));
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(null);
  });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    mark(null);
    if (under(event) === "upload") hand(readDrop(event.dataTransfer), { onUpload, onArchives });
    else if (event.dataTransfer.files.length) onSearch(event.dataTransfer.files[0]);
  });
}

/** A picture on the clipboard, such as a screenshot, is searched by, wherever on the page it is pasted. */
export function watchPaste(onSearch) {
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!file || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    onSearch(file);
  });
}

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

/** Photos, archives and folders that are chosen from a dialog, which the buttons marked `data-adds` open. */
export function watchChoices({ onUpload, onArchives }) {
  const inputs = { photos: byId("photos-chosen"), folder: byId("folder-chosen") };
  const read = { photos: sorted, folder: (files) => ({ archives: [], reading: sift(files) }) };
  for (const [kind, input] of Object.entries(inputs)) {
    input.addEventListener("change", () => {
      hand(read[kind]([...input.files]), { onUpload, onArchives });
      input.value = "";
    });
  }
  for (const button of document.querySelectorAll("[data-adds]")) {
    button.hidden = button.dataset.adds === "folder" && !("webkitdirectory" in inputs.folder);
    button.addEventListener("click", () => inputs[button.dataset.adds].click());
  }
}

function hand({ archives, reading }, { onUpload, onArchives }) {
  if (archives.length) onArchives(archives);
  if (reading) onUpload(reading);
}

/**
 * What was dropped: `archives`, and as `reading` the rest, null if there is none, or a promise of it where folders have
 * to be walked: `{ files, leftOut, unreadable }`, the last one names. Files dropped one by one are kept whatever they
 * are, so that the server can say what is wrong with them; folders hold much that was never meant.
 */
function readDrop(transfer) {
  // Entries must be taken before the first await: the browser empties the list when the event is over.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const { archives, reading } = sorted([...transfer.files].filter((_, position) => !entries[position]?.isDirectory));
  const folders = entries.filter((entry) => entry?.isDirectory);
  return { archives, reading: folders.length ? walked(folders, reading?.files ?? []) : reading };
}

function sorted(chosen) {
  const archives = chosen.filter(({ name }) => ARCHIVE.test(name));
  const files = chosen.filter(({ name }) => !ARCHIVE.test(name));
  return { archives, reading: files.length ? { files } : null };
}

async function walked(folders, files) {
  const found = { files: [], unreadable: [] };
  for (const folder of folders) await walk(folder, found);
  const { files: photos, leftOut } = sift(found.files);
  return { files: [...files, ...photos], leftOut, unreadable: found.unreadable };
}

/** The photos of a folder, and how many files in it are none: `{ files, leftOut }`. */
function sift(files) {
  const photos = files.filter((file) => file.type.startsWith("image/") || IMAGE.test(file.name));
  return { files: photos, leftOut: files.length - photos.length };
}

async function walk(entry, found) {
  try {
    if (entry.isFile) found.files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else for (const inner of await list(entry)) await walk(inner, found);
  } catch {
    found.unreadable.push(entry.name);
  }
}

async function list(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    // A reader hands out a folder in portions, and says that it is at the end with an empty one.
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return all;
    all.push(...entries);
  }
}
