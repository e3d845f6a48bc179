"""An answer as people read it."""

from typing import Final

from service.client.documents.search import Result, SearchAnswer
from service.commands.columns import columns
from service.commands.place import Place
from service.commands.printable import printable

LIKELY: Final = 0.5  # how sure a detected language must be to be named; the guess changes no result
HEADINGS: Final = ("rank", "score", "id", "file", "original", "thumbnail")
NUMBERS: Final = (0, 1, 2)  # columns of numbers
NOTHING: Final = (
    "Nothing found: the collection has no images that can be searched. Add some with `upload`; after a change"
    " of model, run `serve`, which embeds the old ones again."
)
NONE_LEFT: Final = "Nothing found: no image passes the filter and the least score."
PARTIAL: Final = (
    "Some images await a vector of this model and could not be found: `serve` embeds them in the background."
)


def table(answer: SearchAnswer, place: Place, *, narrowed: bool = False) -> str:
    """Ranked results with the score that ranks them, and last how the query was understood."""
    rows = [_row(result, answer, place) for result in answer.results]
    found = columns([HEADINGS, *rows], right=NUMBERS) if rows else NONE_LEFT if narrowed else NOTHING
    return "\n".join([found, _how(answer), *([PARTIAL] if answer.partial else [])])


def _row(result: Result, answer: SearchAnswer, place: Place) -> tuple[str, ...]:
    return (
        str(result.rank),
        f"{getattr(result.scores, answer.scoring):.4f}",
        str(result.image.id),
        printable(result.image.filename),
        place.original(result.image),
        place.thumbnail(result.image),
    )


def _how(answer: SearchAnswer) -> str:
    parts = (
        _language(answer),
        f"{answer.scoring} score of {answer.candidates:,} images",
        f"{answer.timings_ms['total']:.0f} ms",
    )
    return ", ".join(part for part in parts if part is not None)


def _language(answer: SearchAnswer) -> str | None:
    language = answer.query.language
    if language is None:
        return None
    if language.source != "detected" or language.confidence is None:
        return f"language {language.code} (as {language.source})"
    if language.confidence < LIKELY:
        return "language unclear"
    return f"language {language.code} (detected, {language.confidence:.0%} sure)"
