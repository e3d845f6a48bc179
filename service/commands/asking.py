"""What `search` asks."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import argparse
from pathlib import Path
from typing import Final

from service.client import Part, Pivot
from service.client.documents.search import SearchAnswer
from service.client.requests.search import Options
from service.commands.errors import CommandError

UNLIKE: Final = -0.5  # what is asked for counts more than what is not


class LikeUnreadable(CommandError):
    def __init__(self, like: str, reason: str) -> None:
        super().__init__(f"{like!r} is neither an id nor a file ({reason}). Give one of them with --like.")
        self.like = like
        self.reason = reason


def ask(pivot: Pivot, options: argparse.Namespace) -> SearchAnswer:
    """The answer to the command's arguments. Raises LikeUnreadable and what `search` raises."""
    how: Options = {"scoring": options.scoring, "filter": options.filter, "min_score": options.min_score}
    if options.k is not None:
        how["k"] = options.k
    if options.exact:
        how["exact"] = True
    likes = [_like(like) for like in options.like]
    if options.query is not None and not likes and not options.unlike:
        how["language"] = options.language
        return pivot.search(options.query, collection=options.collection, **how)
    if options.query is None and len(likes) == 1 and not options.unlike:
        like = likes[0]
        return pivot.search(image_id=like.image_id, image=like.image, collection=options.collection, **how)
    wanted = [] if options.query is None else [Part(options.query, language=options.language)]
    unlike = [Part(text, weight=UNLIKE, language=options.language) for text in options.unlike]
    return pivot.search(parts=[*wanted, *likes, *unlike], collection=options.collection, **how)


def _like(text: str) -> Part:
    if text.isdecimal():
        return Part(image_id=int(text))
    try:
        return Part(image=Path(text).read_bytes())
    except OSError as error:
        raise LikeUnreadable(text, error.strerror or str(error)) from error
