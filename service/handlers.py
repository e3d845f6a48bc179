"""The handlers through which errors become problem documents."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match, Route

from service.bad_requests import InvalidRequest, MethodNotTaken, NothingThere, Refused
from service.german_validation import validation
from service.openai import problem_response, refusal
from service.problems import KINDS, FieldProblem, problem_of_ours
from service.queries import InField
from service.spoken import spoken

logger = logging.getLogger(__name__)


def tell_errors(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Have every error but bugs answered with a problem document; for bugs, see `middleware.LastResort`.

    `routes` are all that the app has, with their full paths.
    """
    app.state.routes = [route for route in routes if isinstance(route, Route)]
    for kind in (*KINDS, InField):
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)


async def _known(request: Request, error: Exception) -> Response:
    answer = refusal(error, request.url.path)
    if answer.status_code in (500, 507):
        logger.error("%s", error)  # the operator is told what a client need not know, such as paths
    return answer


async def _invalid(request: Request, error: Exception) -> Response:
    found = cast(RequestValidationError, error).errors()
    fields = [_field_problem(one) for one in found]
    problem = problem_of_ours(InvalidRequest(fields[0].field, fields[0].detail, _limit(found[0])))
    return problem_response(request.url.path, problem.model_copy(update={"errors": fields}))


def _field_problem(error: dict[str, Any]) -> FieldProblem:
    location, *path = error["loc"]
    names = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    field = names.removeprefix(".") or str(location)
    english = error["msg"].removeprefix("Value error, ")
    return FieldProblem(field=field, detail=validation(error) if spoken() == "de" else english)


def _limit(error: dict[str, Any]) -> int | float | None:
    bounds = error.get("ctx", {})
    return next((bounds[name] for name in _BOUNDS if name in bounds), None)


_BOUNDS: Final = ("le", "ge", "lt", "gt", "max_length", "min_length")


async def _http(request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    path = request.url.path
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            problem = problem_of_ours(NothingThere(path))
        case 405:
            headers["Allow"] = ", ".join(sorted(_methods(request)))
            problem = problem_of_ours(MethodNotTaken(path, request.method))
        case status:
            name = HTTPStatus(status).phrase.lower().replace(" ", "-")
            problem = problem_of_ours(Refused(str(error.detail))).model_copy(
                update={"status": status, "type": f"urn:pivot:{name}"}
            )
    return problem_response(path, problem, headers)


def _methods(request: Request) -> set[str]:
    """All that are taken at the address; Starlette knows those of the first route only.

    An address that is named as it is, such as `images/delete`, is none of an image called `delete`.
    """
    found = [
        route
        for route in cast(Sequence[Route], request.app.state.routes)
        if route.matches(request.scope)[0] is not Match.NONE
    ]
    fewest = min((len(route.param_convertors) for route in found), default=0)
    named = (route.methods or set() for route in found if len(route.param_convertors) == fewest)
    methods = set().union(*named) or {"GET"}  # no route at all: a file of the page
    return methods | {"HEAD"} if "GET" in methods else methods


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # nobody hears it: the client hung up while it was sending
