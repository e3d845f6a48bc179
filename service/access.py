"""What callers may do: the one table of what each address asks of a key.

An address that the table does not name is for admins alone, and for keys that may see all collections: a new
route is closed until somebody decides.
"""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

from service.keys import SCOPES, Key, Scope
from service.rates import Taken


class KeyRequired(Exception):
    def __str__(self) -> str:
        return (
            "The service asks for a key. Send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`;"
            " the operator makes them with `python -m service keys create`."
        )


class KeyUnknown(Exception):
    def __str__(self) -> str:
        return "The key is wrong, was revoked or has run out. Check it, or have the operator make a new one."


class KeyForbidden(Exception):
    """The key is good, but not for this."""


class ScopeMissing(KeyForbidden):
    def __init__(self, key: str, scope: Scope) -> None:
        super().__init__(key, scope)
        self.key = key
        self.scope = scope

    def __str__(self) -> str:
        return f"The key {self.key!r} may not do this. Use one with the scope {self.scope}."


class CollectionHidden(KeyForbidden):
    """Whether there is such a collection or not."""

    def __init__(self, key: str, collection: str) -> None:
        super().__init__(key, collection)
        self.key = key
        self.collection = collection

    def __str__(self) -> str:
        return f"The key {self.key!r} is not for the collection {self.collection!r}. Use one that is."


class KeyLimited(KeyForbidden):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"The key {self.key!r} is for some collections only. Use one that is for all."


class RateLimited(Exception):
    """`limit` requests a minute; the next may come after `retry_after` seconds."""

    def __init__(self, limit: int, taken: Taken) -> None:
        super().__init__(limit, taken)
        self.limit = limit
        self.taken = taken
        self.retry_after = taken.wait

    def __str__(self) -> str:
        return (
            f"These are more than {self.limit:,} requests in a minute, which is the limit."
            f" Try again in {self.retry_after} s."
        )


@dataclass(frozen=True)
class Access:
    """What one caller may do. Without a key: everything, for that is where the service asks for none."""

    key: Key | None = None

    @property
    def collections(self) -> Collection[str] | None:
        """The names of those that may be seen; None where all may be."""
        return None if self.key is None else self.key.collections

    def sees(self, collection: str) -> bool:
        return self.collections is None or collection in self.collections

    def check_collection(self, collection: str) -> None:
        """Raises KeyForbidden, be there such a collection or not."""
        if not self.sees(collection):
            assert self.key is not None
            raise CollectionHidden(self.key.name, collection)

    def check_scope(self, scope: Scope) -> None:
        """Raises KeyForbidden."""
        if self.key is not None and SCOPES.index(self.key.scope) < SCOPES.index(scope):
            raise ScopeMissing(self.key.name, scope)

    def check_unlimited(self) -> None:
        """Raises KeyForbidden."""
        if self.key is not None and self.key.collections is not None:
            raise KeyLimited(self.key.name)


class Rule(NamedTuple):
    """What an address takes. `cut`: keys for some collections may come, and the route shows them theirs."""

    methods: str
    path: re.Pattern[str]
    scope: Scope | None  # None: nothing, not even a key
    cut: bool = True

    def collection(self, path: str) -> str | None:
        """The one that the address lies in."""
        found = self.path.fullmatch(path)
        return None if found is None else found.groupdict().get("collection")


def _rule(methods: str, path: str, scope: Scope | None, cut: bool = True) -> Rule:
    return Rule(methods, re.compile(path.replace("{c}", "(?P<collection>[^/]+)")), scope, cut)


CLOSED: Final = _rule("", "", "admin", cut=False)

RULES: Final = (
    _rule("GET", "/|/web/.*|/docs|/static-offline-docs/.*|/openapi.json|/livez|/readyz", None),
    _rule("GET POST DELETE", "/v1/session", None),
    _rule("GET POST DELETE", "/v1/keys(/.*)?", "admin", cut=False),
    _rule("GET", "/v1/collections", "read"),
    _rule("POST", "/v1/collections", "write"),
    _rule("PATCH DELETE", "/v1/collections/{c}", "admin"),
    _rule("POST", "/v1/collections/{c}/search(/.*)?", "read"),
    _rule("GET", "/v1/collections/{c}(/.*)?", "read"),
    _rule("POST PATCH PUT DELETE", "/v1/collections/{c}/.*", "write"),
    _rule("GET", "/v1/models?(/.*)?", "read"),
    _rule("POST", "/v1/embeddings", "read"),
    _rule("GET", "/v1/jobs(/.*)?", "read"),
    _rule("POST", "/v1/jobs/[^/]+/cancel", "write"),
    _rule("POST", "/v1/doctor", "admin", cut=False),
    _rule("GET", "/metrics", "admin", cut=False),
)


def rule_for(method: str, path: str) -> Rule:
    """The first that fits; HEAD is as GET."""
    method = "GET" if method == "HEAD" else method
    fitting = (rule for rule in RULES if method in rule.methods.split() and rule.path.fullmatch(path))
    return next(fitting, CLOSED)
