"""README and docs/ lead to what is there, and leave out no setting."""

import re
from pathlib import Path
from typing import Final

import pytest

from service.settings import Settings

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
HEADING: Final = re.compile(r"^#+ (.+)$", re.M)
TABLE: Final = re.compile(r"^\|[-|]+\|\n((?:\|.*\n)+)", re.M)
SETTING: Final = re.compile(r"`(PIVOT_[A-Z_]+)`")


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of the headings."""
    headings = HEADING.findall(page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    broken = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_each_page_of_docs_is_linked_from_the_readme() -> None:
    linked = {link.partition("#")[0] for link in LINK.findall(PAGES[0].read_text())}
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= linked


def test_the_table_of_settings_has_them_all_and_no_others() -> None:
    section = (ROOT / "docs" / "operate.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    told = {
        name for row in section.splitlines() if row.startswith("| `") for name in SETTING.findall(row[:40])
    }
    assert told == {f"PIVOT_{name.upper()}" for name in Settings.model_fields}


def rows(page: str, section: str) -> list[str]:
    """Those below the heading of each table in one section."""
    text = (ROOT / page).read_text().partition(f"## {section}\n")[2].partition("\n## ")[0]
    return [row for table in TABLE.findall(text) for row in table.splitlines()]


def test_numbers_that_are_told_twice_are_the_same() -> None:
    measured = (ROOT / "docs" / "quality.md").read_text()
    found = rows("README.md", "Quality")
    assert found
    assert [row for row in found if row.removesuffix("|") not in measured] == []
    sizes = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows("docs/operate.md", "Sizes")]
    assert sizes
    for number, *cells in sizes:
        table = measured.partition(f"| {number} rows |")[2].partition("\n\n")[0]
        pivot = next(row for row in table.splitlines() if row.startswith("| Pivot |"))
        assert [cell for cell in cells if f" {cell} |" not in pivot] == []
