import { byId } from "./dom.js";
import { text } from "./language.js";

/** Asks whether a photo shall go; resolves to the answer. Escape and the first button keep it. */
export function confirmDelete(image) {
  const dialog = byId("confirm");
  byId("confirm-photo").src = image.links.thumbnail;
  byId("confirm-text").textContent = text("deleteText", { name: image.filename });
  dialog.returnValue = "keep";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      // The event comes a moment after the closing: it may be of an earlier question, when this one is open already.
      if (!dialog.open) resolve(dialog.returnValue === "delete");
    };
  });
}
