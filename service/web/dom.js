const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes; `onclick` and its kind become listeners, false and null are left out. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A line icon from icons.svg, silent for screen readers: the button around it carries the label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/web/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button that shows an icon; `label` says what it does, to screen readers and as its title. */
export function iconButton(symbol, label, attributes = {}) {
  return element("button", { type: "button", title: label, "aria-label": label, ...attributes }, icon(symbol));
}

/** Writes only what changed: a screen reader repeats a status for every write. */
export function write(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

export const byId = (id) => document.getElementById(id);

/** Puts a popover below the button that opens it, or as near to that as it fits into the window. */
export function placeBelow(popover, button) {
  const { left, bottom } = button.getBoundingClientRect();
  popover.style.setProperty("left", `${Math.max(8, Math.min(left, innerWidth - popover.offsetWidth - 8))}px`);
  popover.style.setProperty("top", `${Math.max(8, Math.min(bottom + 6, innerHeight - popover.offsetHeight - 8))}px`);
}
