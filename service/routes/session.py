"""The page's way in: a key is told once, and a cookie that scripts cannot read stands for it from then on."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from service.guard import COOKIE, address_of, sent_key, session_of
from service.keys import SESSION_DAYS, Key, Scope
from service.problems import documented
from service.routes.context import Context, InContext

router = APIRouter(prefix="/v1/session", tags=["keys"])


class Login(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"key": "pvt_1_..."}]})

    key: str = Field(max_length=200)


class SessionState(BaseModel):
    """Who the caller is. Where a key is `required` and the other members are null, log in."""

    required: bool
    name: str | None
    scope: Scope | None
    collections: tuple[str, ...] | None = Field(description="the only ones that the key may see; null is all")


@router.get("", summary="Who am I?")
async def get_session(request: Request, context: InContext) -> SessionState:
    """Whether the service asks for a key, and what the one that was sent may do."""
    await context.keyring.keep_up()
    key = _key(request, context)
    return SessionState(
        required=context.keyring.required,
        name=None if key is None else key.name,
        scope=None if key is None else key.scope,
        collections=None if key is None else key.collections,
    )


@router.post("", summary="Log in", status_code=204, responses=documented(401, 403, 422, 429))
async def start_session(body: Login, request: Request, context: InContext) -> Response:
    """Sets a cookie that ends after 30 days, or with the key."""
    keyring = context.keyring
    await keyring.keep_up()
    key = keyring.admitted(body.key.strip(), address_of(request.scope))
    session = await run_in_threadpool(keyring.file.start_session, key.id)
    await run_in_threadpool(keyring.refresh)
    answer = Response(status_code=204)
    answer.set_cookie(
        COOKIE,
        session,
        max_age=SESSION_DAYS * 24 * 60 * 60,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.delete("", summary="Log out", status_code=204)
async def end_session(request: Request, context: InContext) -> Response:
    """Ends the session for good, and takes the cookie away; all is well where there is none."""
    keyring = context.keyring
    token = session_of(request.headers)
    if token is not None and keyring.key_of(token) is not None:
        await run_in_threadpool(keyring.file.end_session, token.id)
        await run_in_threadpool(keyring.refresh)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return answer


def _key(request: Request, context: Context) -> Key | None:
    """Raises KeyUnknown, RateLimited."""
    if (text := sent_key(request.headers)) is not None:
        return context.keyring.admitted(text, address_of(request.scope))
    token = session_of(request.headers)
    return None if token is None else context.keyring.key_of(token)
