"""The handlers through which errors become problem documents."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match, Route

from service.problems import KINDS, FieldProblem, Problem, problem_for, refusal

logger = logging.getLogger(__name__)


def tell_errors(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Have every error but bugs answered with a problem document; for bugs, see `middleware.LastResort`.

    `routes` are all that the app has, with their full paths.
    """
    app.state.routes = [route for route in routes if isinstance(route, Route)]
    for kind in KINDS:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)


async def _known(_: Request, error: Exception) -> Response:
    problem = problem_for(error)
    assert problem is not None
    if problem.status in (500, 507):
        logger.error("%s", error)  # the operator is told what a client need not know, such as paths
    return refusal(error)


async def _invalid(_: Request, error: Exception) -> Response:
    found = cast(RequestValidationError, error).errors()
    problems = [_field_problem(one) for one in found]
    first = problems[0]
    return Problem(
        type="urn:pivot:invalid-request",
        title="Invalid request",
        status=422,
        detail=f"{first.field}: {first.detail}.",
        field=first.field,
        limit=_limit(found[0]),
        remedy="Correct the fields that `errors` names; /docs describes them all.",
        errors=problems,
    ).response()


def _field_problem(error: dict[str, Any]) -> FieldProblem:
    location, *path = error["loc"]
    field = ".".join(str(part) for part in path) or str(location)
    return FieldProblem(field=field, detail=error["msg"].removeprefix("Value error, "))


def _limit(error: dict[str, Any]) -> int | float | None:
    bounds = error.get("ctx", {})
    return cast(int | float | None, bounds.get("le", bounds.get("ge")))


async def _http(request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    phrase = HTTPStatus(error.status_code).phrase
    details = {
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.url.path} does not take {request.method}.",
    }
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return Problem(
        type=f"urn:pivot:{phrase.lower().replace(' ', '-')}",
        title=phrase,
        status=error.status_code,
        detail=details.get(error.status_code, error.detail),
        remedy="See /docs for what is where, and what it takes.",
    ).response(headers)


def _methods(request: Request) -> set[str]:
    """All that are taken at the address; Starlette knows those of the first route only."""
    at_the_address = (
        route.methods or set()
        for route in cast(Sequence[Route], request.app.state.routes)
        if route.matches(request.scope)[0] is not Match.NONE
    )
    methods = set().union(*at_the_address) or {"GET"}  # no route at all: a file of the page
    return methods | {"HEAD"} if "GET" in methods else methods


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # nobody hears it: the client hung up while it was sending
