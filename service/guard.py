"""The guard: once there are keys, no request gets past without one. It stands in front of all routes."""

import logging
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import GalleryError
from service.access import Access, KeyForbidden, KeyRequired, KeyUnknown, RateLimited, Rule, rule_for
from service.bad_requests import OtherSite
from service.hosts import SAFE, from_own_page
from service.keyring import Keyring
from service.keys import Key, Token
from service.openai import refusal
from service.rates import MINUTE, Buckets, Taken
from service.settings import Settings

logger = logging.getLogger(__name__)

COOKIE: Final = "pivot_session"
ACCESS: Final = "access"  # the name, in the request's state, of what the caller may do

REFUSALS: Final = (KeyRequired, KeyUnknown, KeyForbidden, RateLimited, OtherSite, GalleryError)


class Guard:
    """Finds out whose request it is and whether they may ask this, now; the routes learn the former."""

    def __init__(self, app: ASGIApp, keyring: Keyring, settings: Settings) -> None:
        self._app = app
        self._keyring = keyring
        self._names = settings.host_names
        self._rate = settings.rate
        self._buckets = Buckets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            rule = rule_for(scope["method"], scope["path"])
            if rule.scope is not None:
                try:
                    access = await self._admitted(scope, rule)
                    send = self._counted(access, send)
                except REFUSALS as error:
                    await _refused(error, scope["path"])(scope, receive, send)
                    return
                scope.setdefault("state", {})[ACCESS] = access
        await self._app(scope, receive, send)

    async def _admitted(self, scope: Scope, rule: Rule) -> Access:
        await self._keyring.keep_up()
        if not self._keyring.required:
            return Access()
        headers = Headers(scope=scope)
        access = Access(self._key(headers, scope))
        access.check_scope(rule.scope or "read")
        if not rule.cut:
            access.check_unlimited()
        elif collection := rule.collection(scope["path"]):
            access.check_collection(collection)
        return access

    def _key(self, headers: Headers, scope: Scope) -> Key:
        """Raises KeyRequired, KeyUnknown, RateLimited, OtherSite."""
        if (text := sent_key(headers)) is not None:
            return self._keyring.admitted(text, address_of(scope))
        token = session_of(headers)
        key = None if token is None else self._keyring.key_of(token)
        if key is None:
            raise KeyRequired
        # A browser adds cookies by itself, so that a page has to prove itself where a program has not.
        if scope["method"] not in SAFE and not from_own_page(headers, self._names):
            raise OtherSite(headers.get("origin", "an unknown site")[:100])
        return key

    def _counted(self, access: Access, send: Send) -> Send:
        """Takes a token of the key's, and tells how many are left. Raises RateLimited."""
        if access.key is None or (rate := access.key.rate or self._rate) is None:
            return send
        taken = self._buckets.take(access.key.id, rate)
        if not taken.granted:
            raise RateLimited(rate, taken)

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(rate_headers(rate, taken))
            await send(message)

        return telling


def _refused(error: Exception, path: str) -> Response:
    answer = refusal(error, path)
    match error:
        case RateLimited():
            answer.headers.update(rate_headers(error.limit, error.taken))
        case GalleryError():
            logger.error("%s", error)
    return answer


def sent_key(headers: Headers) -> str | None:
    """What a program sends as its key. Other schemes of `Authorization` may be for a proxy."""
    if (key := headers.get("x-api-key")) is not None:
        return key.strip()
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def session_of(headers: Headers) -> Token | None:
    """What the page's cookie holds."""
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    token = None if cookie is None else Token.parsed(cookie.value)
    return token if token is not None and token.kind == "pvs" else None


def address_of(scope: Scope) -> str:
    """The IP address of the caller, or of the proxy in front."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def rate_headers(rate: int, taken: Taken) -> dict[str, str]:
    """As draft-ietf-httpapi-ratelimit-headers has it: quota and window, what is left, and seconds to more."""
    return {
        "RateLimit-Policy": f'"key";q={rate};w={MINUTE:.0f}',
        "RateLimit": f'"key";r={taken.left};t={taken.wait}',
    }
