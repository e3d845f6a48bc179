"""Who may ask: requests to a name that is ours, and changes from our own page or from no page at all.

Browsers carry any website's requests to a service on the same machine or network. Two rules keep these out:

- `Host` is an IP address, a name of this machine, or a name from the settings. A website that lets its own
  name point here (DNS rebinding) sends that name.
- What changes something comes from no other site. Only browsers send `Sec-Fetch-Site` and `Origin`, so that
  programs need neither.
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.bad_requests import BadRequest, OtherSite, UnknownHost
from service.openai import refusal
from service.settings import Settings

SAFE: Final = ("GET", "HEAD", "OPTIONS")
ANY: Final = "*"


class OwnHosts:
    """Refuses what another website may have sent."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names = settings.host_names
        self._ours = self._names | ({"localhost", settings.host.lower()} - {""})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                self._check(scope["method"], Headers(scope=scope))
            except BadRequest as error:
                await refusal(error, scope["path"])(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, method: str, headers: Headers) -> None:
        """Raises UnknownHost, OtherSite."""
        host = headers.get("host")
        if host is not None and not self._is_ours(host):  # no browser leaves it out
            raise UnknownHost(host[:100])
        if method not in SAFE and from_own_page(headers, self._names) is False:
            raise OtherSite(headers.get("origin", "another site")[:100])

    def _is_ours(self, host: str) -> bool:
        name = _name(f"//{host}")
        return (
            name in self._ours
            or name.endswith(".localhost")  # which browsers never look up
            or _is_address(name)  # nobody can point it elsewhere
            or ANY in self._names
        )


def from_own_page(headers: Headers, names: frozenset[str]) -> bool | None:
    """Whether the request comes from the service's own page; None where nothing tells, as of programs.

    `names` are those from the settings.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:  # the browser's own judgement, which holds behind a proxy that rewrites `Host`
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return None
    return origin.lower().partition("://")[2] == headers.get("host", "").lower() or _name(origin) in names


def _name(address: str) -> str:
    """The host in `//host:port` or a URL, in small letters; empty where there is none."""
    try:
        return (urlsplit(address).hostname or "").removesuffix(".")
    except ValueError:  # a bracket that does not close
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
