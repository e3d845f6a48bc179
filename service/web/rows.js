/**
 * Where photos stand in a grid, from their aspect ratios alone: no photo need be loaded for it, and none be in the
 * document. Wide grids have justified rows, all photos of a row equally high; narrow ones have even columns of squares.
 */

// Beyond these a photo is cropped in the grid: a panorama would fill a row, a tall one would be a sliver.
const NARROWEST = 0.6;
const WIDEST = 2.4;
const NARROW_GRID = 640;

/**
 * `ratios` are width / height. `width` is of the grid, `row` the height that rows aim at, `column` the least width of
 * a column in a narrow grid, `foot` the room below each photo; all in pixels.
 * Returns `boxes`, one `{ x, y, width, height }` for each photo, without its foot; `rows`, the position of the first
 * photo in each; and the `height` of the grid.
 */
export function placed(ratios, { width, row, column, gap, foot }) {
  if (width < NARROW_GRID) return inColumns(ratios.length, { width, column, gap, foot });
  const boxes = [];
  const rows = [];
  let y = 0;
  for (let first = 0; first < ratios.length; ) {
    const { count, height } = nextRow(ratios, first, { width, row, gap });
    rows.push(first);
    let x = 0;
    for (const end = first + count; first < end; first += 1) {
      const box = { x, y, width: bounded(ratios[first]) * height, height };
      boxes.push(box);
      x += box.width + gap;
    }
    y += height + foot + gap;
  }
  return { boxes, rows, height: Math.max(0, y - gap) };
}

/** How many photos stand in the row that begins at `first`, and how high they are. */
function nextRow(ratios, first, { width, row, gap }) {
  let sum = 0;
  for (let count = 1; first + count <= ratios.length; count += 1) {
    sum += bounded(ratios[first + count - 1]);
    const height = (width - gap * (count - 1)) / sum;
    if (height <= row) return { count, height };
  }
  return { count: ratios.length - first, height: row }; // the last row is not stretched
}

function inColumns(count, { width, column, gap, foot }) {
  const columns = Math.max(2, Math.floor((width + gap) / (column + gap)));
  const side = (width - gap * (columns - 1)) / columns;
  const boxes = Array.from({ length: count }, (_, position) => ({
    x: (position % columns) * (side + gap),
    y: Math.floor(position / columns) * (side + foot + gap),
    width: side,
    height: side,
  }));
  const rows = Array.from({ length: Math.ceil(count / columns) }, (_, line) => line * columns);
  return { boxes, rows, height: Math.max(0, rows.length * (side + foot + gap) - gap) };
}

const bounded = (ratio) => Math.min(WIDEST, Math.max(NARROWEST, ratio));

/** The row in which the photo at `position` stands. */
function rowOf({ rows }, position) {
  return lastIndex(rows.length, (line) => rows[line] <= position);
}

/** The positions `[first, end)` of the photos whose rows reach into `top` to `bottom`. */
export function within({ boxes, rows }, top, bottom) {
  if (!rows.length) return [0, 0];
  const first = Math.max(0, lastIndex(rows.length, (line) => boxes[rows[line]].y <= top));
  const last = lastIndex(rows.length, (line) => boxes[rows[line]].y < bottom);
  return [rows[first], rows[last + 1] ?? boxes.length];
}

/** One row up (-1) or down (1), the photo nearest to the one at `position`; null beyond the first and last row. */
export function across(places, position, step) {
  const line = rowOf(places, position) + step;
  if (line < 0 || line >= places.rows.length) return null;
  const middle = ({ x, width }) => x + width / 2;
  const from = middle(places.boxes[position]);
  const distance = (other) => Math.abs(middle(places.boxes[other]) - from);
  let nearest = places.rows[line];
  const end = places.rows[line + 1] ?? places.boxes.length;
  for (let other = nearest; other < end; other += 1) if (distance(other) < distance(nearest)) nearest = other;
  return nearest;
}

/** The last of `count` numbers from 0 for which `holds`, which holds for none after one where it does not; or -1. */
function lastIndex(count, holds) {
  let low = -1;
  for (let high = count; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
