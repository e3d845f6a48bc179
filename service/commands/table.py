"""An answer as people read it."""

from collections.abc import Callable, Sequence
from typing import Final

from service.answer_schemas import SearchAnswer
from service.commands.printable import printable
from service.schemas import Image

LIKELY: Final = 0.5  # how sure a detected language must be to be named; the guess changes no result
HEADINGS: Final = ("rank", "score", "id", "file", "original")
NOTHING: Final = (
    "Nothing found: the collection has no images that can be searched. Add some with `index`; after a change"
    " of model, run `serve`, which embeds the old ones again."
)
PARTIAL: Final = (
    "Some images await a vector of this model and could not be found: `serve` embeds them in the background."
)


def table(answer: SearchAnswer, original: Callable[[Image], str]) -> str:
    """Ranked results with the score that ranks them, and last how the query was understood."""
    rows = [
        (
            str(result.rank),
            f"{getattr(result.scores, answer.scoring):.4f}",
            str(result.image.id),
            printable(result.image.filename),
            original(result.image),
        )
        for result in answer.results
    ]
    lines = _aligned([HEADINGS, *rows]) if rows else [NOTHING]
    return "\n".join([*lines, _how(answer), *([PARTIAL] if answer.partial else [])])


def _aligned(rows: Sequence[tuple[str, str, str, str, str]]) -> list[str]:
    rank, score, id, file, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [
        f"{row[0]:>{rank}}  {row[1]:>{score}}  {row[2]:>{id}}  {row[3]:<{file}}  {row[4]}" for row in rows
    ]


def _how(answer: SearchAnswer) -> str:
    return (
        f"{_language(answer)}, {answer.scoring} score of {answer.candidates:,} images,"
        f" {answer.timings_ms['total']:.0f} ms"
    )


def _language(answer: SearchAnswer) -> str:
    language = answer.query.language
    assert language is not None
    if language.source != "detected" or language.confidence is None:
        return f"language {language.code} (as {language.source})"
    if language.confidence < LIKELY:
        return "language unclear"
    return f"language {language.code} (detected, {language.confidence:.0%} sure)"
