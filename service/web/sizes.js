const STORED = 384; // pixels of the longer side, of the thumbnail that the server has at hand
const LARGEST = 768; // of those that it makes
const BLURRED = 1.3; // times as large as it is, a picture looks soft
const REST_MS = 300;
let resting = 0;

/** The address of a thumbnail with more pixels than the stored one; null where the photo itself has none. */
export function larger({ width, height, links }) {
  return Math.max(width, height) > STORED ? `${links.thumbnail}?size=${LARGEST}` : null;
}

/** Whether the largest thumbnail is as good as the photo in a window of this size, and less to send. */
export function suffices({ width, height }) {
  const scale = Math.min(1, innerWidth / width, innerHeight / height);
  const side = Math.max(width, height);
  return side > LARGEST && side * scale * devicePixelRatio <= LARGEST;
}

/**
 * Once nothing has moved for a moment, gives those of `tiles()` that are in sight, and larger than their thumbnails,
 * sharper ones, one after the other. The server has to decode photos for that: not for what is only scrolled past.
 */
export function sharpenSoon(tiles) {
  clearTimeout(resting);
  const mine = setTimeout(async () => {
    for (const node of [...tiles()].filter(blurred)) if (mine === resting) await sharpen(node);
  }, REST_MS);
  resting = mine;
}

function blurred({ box, entry, isConnected }) {
  return isConnected && Math.max(box.width, box.height) * devicePixelRatio > BLURRED * STORED && larger(entry.image);
}

async function sharpen(node) {
  const { top, bottom } = node.getBoundingClientRect();
  const source = larger(node.entry.image);
  const shown = node.querySelector("img");
  if (bottom < 0 || top > innerHeight || shown.getAttribute("src") === source) return;
  const sharp = new Image();
  sharp.fetchPriority = "low";
  sharp.src = source;
  try {
    await sharp.decode();
    if (shown.isConnected) shown.src = source;
  } catch {
    // The thumbnail that is there is good enough.
  }
}
