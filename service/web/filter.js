/**
 * A filter as the panel's form has it, a text for each field that is filled in, and as the server takes it, in the
 * language of index/filters.py.
 */
export const FILTER_FIELDS = ["from", "to", "format", "shape", "pixels", "bytes", "key", "is", "caption"];

const MB = 1_000_000;
const DAY_MS = 24 * 60 * 60 * 1000;
const SHAPES = {
  wide: { field: "aspect", gt: 1.05 },
  square: { field: "aspect", gte: 0.95, lte: 1.05 },
  tall: { field: "aspect", lt: 0.95 },
};

/** The filter for the server; null where nothing is filtered. */
export function filterOf(fields) {
  const conditions = FILTER_FIELDS.filter((name) => fields[name]).map((name) => CONDITIONS[name](fields[name], fields));
  const said = conditions.filter(Boolean);
  if (!said.length) return null;
  return said.length === 1 ? said[0] : { and: said };
}

const CONDITIONS = {
  from: (day) => instant(day, (moment) => ({ field: "created_at", gte: moment })),
  to: (day) => instant(day, (moment) => ({ field: "created_at", lt: moment }), DAY_MS), // that day included
  format: (formats) => ({ field: "format", in: formats.split(".") }),
  shape: (shape) => SHAPES[shape] ?? null,
  // The longer side counts: whoever looks for large photos means those that stand upright, too.
  pixels: (least) => ({ or: [{ field: "width", gte: Number(least) }, { field: "height", gte: Number(least) }] }),
  bytes: (range) => {
    const [least, most] = range.split("-").map(Number);
    return { field: "bytes", ...(least ? { gte: least * MB } : {}), ...(most ? { lt: most * MB } : {}) };
  },
  key: (key, { is }) => ({ metadata: path(key), ...(is ? { in: meanings(is) } : { exists: true }) }),
  is: () => null, // told with the key
  caption: (words) => ({ caption: { contains: words } }),
};

/** Days are those of whoever looks, instants are UTC. */
function instant(day, condition, later = 0) {
  const moment = new Date(`${day}T00:00`);
  return Number.isNaN(moment.valueOf()) ? null : condition(new Date(moment.valueOf() + later).toISOString());
}

/** `exif.iso` is the key `iso` within `exif`. */
const path = (key) => (key.includes(".") ? key.split(".") : key);

/** What is typed as 400 or true may be a text in the metadata, or what it looks like. */
function meanings(typed) {
  const values = [typed];
  if (/^-?\d+(\.\d+)?$/.test(typed)) values.push(Number(typed));
  if (typed === "true" || typed === "false") values.push(typed === "true");
  return values;
}
