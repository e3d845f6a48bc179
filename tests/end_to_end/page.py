"""Where things are on the page, and what a person does to them."""

import base64
import re
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Locator, Page

DROP = """
async ([selector, files]) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  for (const kind of ["dragover", "drop"]) {
    const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer });
    document.querySelector(selector).dispatchEvent(event);
  }
}
"""
PASTE = """
([name, content]) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  transfer.items.add(new File([bytes], name, { type: "image/png" }));
  const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: transfer });
  document.activeElement.dispatchEvent(event);
}
"""
# Every text against the first opaque ground behind it, by the formula of WCAG 2; returns those below 4.5 : 1.
FAINT_TEXTS = """
() => {
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = colour;
    pixel.fillRect(0, 0, 1, 1);
    return pixel.getImageData(0, 0, 1, 1).data;
  };
  const luminance = (colour) => {
    const [r, g, b] = [...rgba(colour)].slice(0, 3).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return rgba(colour)[3] > 200 || !node.parentElement ? colour : ground(node.parentElement);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !node.checkVisibility() || node.closest(".unseen, noscript")) continue;
    const pair = [luminance(getComputedStyle(node).color), luminance(ground(node))];
    const [low, high] = pair.sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)}: ${text}`);
  }
  return faint;
}
"""


def tiles(page: Page) -> Locator:
    """The photos of the grid, in their order."""
    return page.locator("#photos > li")


def tile(page: Page, filename: str) -> Locator:
    return tiles(page).filter(has=page.get_by_role("link", name=filename))


def first(page: Page) -> Locator:
    """The link of the first photo: its name begins with the rank, if there is one, and the file's name."""
    return tiles(page).first.get_by_role("link")


def search(page: Page, words: str) -> None:
    page.get_by_role("searchbox").fill(words)
    page.get_by_role("searchbox").press("Enter")


def compose(page: Page, draft: str, words: str) -> None:
    """Types as an input method does, as for Japanese: a draft first, which the words then replace."""
    session = page.context.new_cdp_session(page)
    end = len(draft)
    session.send("Input.imeSetComposition", {"text": draft, "selectionStart": end, "selectionEnd": end})
    page.wait_for_timeout(600)  # longer than the pause after which a query is sent
    session.send("Input.insertText", {"text": words})


def drop(page: Page, selector: str, paths: Sequence[Path]) -> None:
    files = [(path.name, base64.b64encode(path.read_bytes()).decode()) for path in paths]
    page.evaluate(DROP, [selector, files])


def paste(page: Page, path: Path) -> None:
    page.evaluate(PASTE, [path.name, base64.b64encode(path.read_bytes()).decode()])


def small_pages(page: Page) -> None:
    """Has the list of photos come in pages of sixty, so that a test needs no hundreds of photos."""
    page.route(
        re.compile(r"/images\?.*limit=200"),
        lambda route: route.continue_(url=route.request.url.replace("limit=200", "limit=60")),
    )


def tab_to(page: Page, wanted: Locator) -> None:
    """Presses the tabulator until `wanted` has the focus, and sees to it that the focus shows."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            outline = wanted.evaluate("node => getComputedStyle(node).outlineStyle")
            assert outline != "none", f"the focus on {wanted} cannot be seen"
            return
    raise AssertionError(f"twenty tabs never reached {wanted}")


def faint_texts(page: Page) -> list[str]:
    """Texts whose contrast is below the 4.5 : 1 of WCAG AA."""
    faint: list[str] = page.evaluate(FAINT_TEXTS)
    return faint
