"""The languages that a request's sender reads, which tell what a query of few letters may be written in."""

from typing import Annotated

from fastapi import Depends, Request

from service.spoken import accepted


async def accepted_languages(request: Request) -> list[str]:
    """Codes, best first; none where the header is missing."""
    return accepted(",".join(request.headers.getlist("accept-language")))


AcceptedLanguages = Annotated[list[str], Depends(accepted_languages)]
