/**
 * What clicks and keys do to the photos of the grid. `on` has what they lead to: `open(position)`, `similar(image)`,
 * `unlike(image)`, `remove(images)`.
 */
export function watchGrid(list, { gallery, selection, on }) {
  list.addEventListener("click", (event) => clicked(event, { gallery, selection, on }));
  list.addEventListener("keydown", (event) => {
    if (pressed(event, { gallery, selection, on })) event.preventDefault();
  });
}

function clicked(event, { gallery, selection, on }) {
  const position = gallery.positionOf(event.target);
  if (position === -1) return;
  const { image } = gallery.entries[position];
  const action = event.target.closest("[data-action]")?.dataset.action;
  if (!action && !event.target.closest("a")) return;
  event.preventDefault();
  if (action === "similar") on.similar(image);
  else if (action === "unlike") on.unlike(image);
  else if (event.shiftKey) selection.extend(gallery.entries, position);
  else if (action === "select" || event.ctrlKey || event.metaKey || selection.choosing) selection.toggle(image);
  else on.open(position);
}

/** Whether the key was one of ours. */
function pressed(event, { gallery, selection, on }) {
  const { key } = event;
  const { image } = gallery.entries[gallery.active];
  const command = event.ctrlKey || event.metaKey;
  if (key.startsWith("Arrow") || key === "Home" || key === "End") {
    if (command || event.altKey) return false;
    const far = { Home: 0, End: gallery.size - 1 };
    const position = key in far ? far[key] : gallery.step(key);
    if (position === null) return true;
    if (event.shiftKey) selection.anchorAt(image);
    gallery.focus(position);
    if (event.shiftKey) selection.extend(gallery.entries, position);
    return true;
  }
  if (key === " " && event.target.closest("a")) selection.toggle(image);
  else if (key === "a" && command) selection.add(gallery.entries);
  else if (key === "Delete") on.remove(selection.size ? selection.images : [image]);
  else return false;
  return true;
}
