"""The language in which a request is answered: one that its sender accepts and we speak, else English."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal, TypeGuard, get_args

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Tongue = Literal["en", "de"]

# Of the request at work; follows it into threads, so that no error needs to be told the language.
_spoken: Final[ContextVar[Tongue]] = ContextVar("spoken", default="en")
_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?"
)


def accepted(header: str) -> list[str]:
    """The languages of an `Accept-Language` (RFC 9110, 12.5.4), best first: `de-AT, en;q=0.5` -> de, en.

    What cannot be read, what is refused (`q=0`) and the wildcard are left out.
    """
    found = [match for one in header.split(",") if (match := _RANGE.fullmatch(one))]
    weights = [(match.group(1).lower(), float(match.group(2) or 1)) for match in found]
    kept = sorted((pair for pair in weights if pair[1] > 0), key=lambda pair: -pair[1])  # a stable order
    return list(dict.fromkeys(language for language, _ in kept))


def spoken() -> Tongue:
    """The language of the request at work; English where there is none."""
    return _spoken.get()


@contextmanager
def speaking(tongue: Tongue) -> Iterator[None]:
    """Within it, errors are told in this language."""
    token = _spoken.set(tongue)
    try:
        yield
    finally:
        _spoken.reset(token)


class Spoken:
    """Has each request answered in the language that it accepts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        languages = accepted(",".join(Headers(scope=scope).getlist("accept-language")))
        with speaking(next(filter(_is_ours, languages), "en")):
            await self._app(scope, receive, send)


def _is_ours(language: str) -> TypeGuard[Tongue]:
    return language in get_args(Tongue)
