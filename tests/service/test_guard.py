"""Who gets past: through a real service, since what counts is that nothing gets past."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route

from service.access import CLOSED, rule_for
from service.guard import COOKIE
from service.keys import FILE, KeyFile, NewKey, Scope
from tests.service.jobs.packing import zipped
from tests.service.pictures import RED, plain
from tests.service.serving import Service, serving

IMAGES = "/v1/collections/default/images"
SEARCH = "/v1/collections/default/search"


class Guarded:
    """A service with an admin's key, and others as they are needed."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.file = KeyFile(folder)
        self.service = service
        self.clients: list[httpx.Client] = []
        self.address = str(service.client.base_url)
        self.admin = self.client("admin")

    def client(
        self, scope: Scope, collections: list[str] | None = None, rate: int | None = None
    ) -> httpx.Client:
        key, secret = self.file.create(NewKey(name=scope, scope=scope, collections=collections, rate=rate))
        self.service.keyring.refresh()
        assert key.scope == scope
        return self.with_headers({"Authorization": f"Bearer {secret}"})

    def with_headers(self, headers: dict[str, str]) -> httpx.Client:
        client = httpx.Client(base_url=self.address, headers=headers, timeout=60)
        self.clients.append(client)
        return client

    def close(self) -> None:
        for client in self.clients:
            client.close()

    @property
    def nobody(self) -> httpx.Client:
        return self.with_headers({})


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    with serving(folder) as service, closing(Guarded(service, folder)) as guarded:
        yield guarded


def routes_of(service: Service) -> list[tuple[str, str]]:
    """Every method and address of the app, with something in place of its parameters."""
    found = []
    for route in service.app.state.routes:
        assert isinstance(route, Route)
        path = re.sub(r"\{[^}]*\}", "1", route.path)
        found += [(method, path) for method in sorted(route.methods or ())]
    return found


def test_no_route_answers_without_a_key_but_those_that_are_meant_to(guarded: Guarded) -> None:
    answering = set()
    for method, path in routes_of(guarded.service):
        answer = guarded.nobody.request(method, path)
        if answer.status_code != 401:
            answering.add(path)
        else:
            assert answer.json()["type"] == "urn:pivot:key-required"
            assert answer.headers["www-authenticate"] == "Bearer"
    assert answering == {"/", "/docs", "/openapi.json", "/livez", "/readyz", "/v1/session"}


def test_somebody_decided_for_every_route_what_it_takes(guarded: Guarded) -> None:
    """Add what is missing to `RULES` in `service/access.py`."""
    undecided = {(m, p) for m, p in routes_of(guarded.service) if rule_for(m, p) is CLOSED}
    assert undecided <= {("GET", "/docs/oauth2-redirect"), ("HEAD", "/docs/oauth2-redirect")}


def test_an_address_that_nobody_decided_about_is_for_admins_with_all_collections(guarded: Guarded) -> None:
    assert guarded.client("write").get("/v1/new").status_code == 403
    assert guarded.client("admin", ["default"]).get("/v1/new").status_code == 403
    assert guarded.admin.get("/v1/new").status_code == 404


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("read", {"read"}), ("write", {"read", "write"}), ("admin", {"read", "write", "admin"})],
)
def test_a_scope_holds_those_below_it(guarded: Guarded, scope: Scope, allowed: set[str]) -> None:
    client = guarded.client(scope)
    statuses = {
        "read": client.post(SEARCH, json={"q": "red"}).status_code,
        "write": client.post(IMAGES, files={"files": ("a.png", plain(RED))}).status_code,
        "admin": client.get("/v1/keys").status_code,
    }
    assert {name for name, status in statuses.items() if status != 403} == allowed
    assert client.delete("/v1/collections/nowhere").status_code == (404 if scope == "admin" else 403)


def test_a_key_for_some_collections_sees_their_jobs_only(guarded: Guarded) -> None:
    ids = {}
    for name in ("jobs-a", "jobs-b"):
        guarded.admin.post("/v1/collections", json={"name": name}).raise_for_status()
        archive = {"archive": ("a.zip", zipped({"red.png": plain(RED)}))}
        ids[name] = guarded.admin.post(f"/v1/collections/{name}/imports", files=archive).json()["id"]
    client = guarded.client("write", ["jobs-a"])
    assert [job["id"] for job in client.get("/v1/jobs").json()["jobs"]] == [ids["jobs-a"]]
    assert client.get("/v1/jobs", params={"collection": "jobs-a"}).status_code == 200
    refused = client.get("/v1/jobs", params={"collection": "jobs-b"})
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:pivot:key-forbidden")
    for path, theirs in (("", 200), ("/items", 200), ("/events", 200)):
        assert client.get(f"/v1/jobs/{ids['jobs-a']}{path}").status_code == theirs
        hidden = client.get(f"/v1/jobs/{ids['jobs-b']}{path}")
        assert (hidden.status_code, hidden.json()["type"]) == (404, "urn:pivot:unknown-job")
    assert client.post(f"/v1/jobs/{ids['jobs-a']}/cancel").status_code == 202
    assert client.post(f"/v1/jobs/{ids['jobs-b']}/cancel").status_code == 404


def test_a_key_for_some_collections_sees_no_others(guarded: Guarded) -> None:
    guarded.admin.post("/v1/collections", json={"name": "mine"})
    client = guarded.client("admin", ["mine", "coming"])
    names = [one["name"] for one in client.get("/v1/collections").json()["collections"]]
    assert names == ["mine"]
    there, absent = client.get(IMAGES), client.get("/v1/collections/absent/images")
    assert (there.status_code, absent.status_code) == (403, 403)
    assert there.json()["type"] == absent.json()["type"] == "urn:pivot:key-forbidden"
    assert client.get("/v1/collections/mine/images").status_code == 200
    assert client.post("/v1/collections", json={"name": "theirs"}).status_code == 403
    assert client.post("/v1/collections", json={"name": "coming"}).status_code == 201
    assert client.get("/v1/keys").status_code == 403
    assert "default" not in client.get("/readyz").text


def test_a_key_for_some_collections_sees_no_duplicates_in_others(guarded: Guarded) -> None:
    for name in ("copies", "hidden", "shown"):
        guarded.admin.post("/v1/collections", json={"name": name})
        files = {"files": ("a.png", plain((1, 2, 3)))}
        added = guarded.admin.post(f"/v1/collections/{name}/images", files=files).json()["items"][0]["image"]
        guarded.admin.post(f"/v1/collections/{name}/images", files={"files": ("b.png", plain((3, 2, 1)))})
    client = guarded.client("read", ["copies", "shown"])
    page = client.get("/v1/collections/copies/duplicates", params={"kind": "exact"}).json()
    assert len(page["groups"]) == 2
    told = client.get(f"/v1/collections/shown/images/{added['id']}/duplicates").json()
    for images in (*(group["images"] for group in page["groups"]), [*told["exact"], added]):
        assert [one["collection"] for one in images] == ["copies", "shown"]
    alone = guarded.client("read", ["hidden"]).get("/v1/collections/hidden/duplicates?kind=exact")
    assert alone.json()["groups"] == []


def test_a_key_may_come_in_either_header_and_a_wrong_one_never_gets_in(guarded: Guarded) -> None:
    bearer = guarded.admin.headers["Authorization"]
    secret = bearer.removeprefix("Bearer ")
    assert guarded.with_headers({"X-API-Key": secret}).get("/v1/keys").status_code == 200
    assert guarded.with_headers({"Authorization": f"bearer {secret}"}).get("/v1/keys").status_code == 200
    other = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for wrong in (secret[:-1], other, f"pvt_999_{secret[-43:]}", "a key"):
        answer = guarded.with_headers({"X-API-Key": wrong}).get("/v1/keys")
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:pivot:key-unknown")


def test_many_wrong_keys_are_told_to_wait_while_a_good_one_gets_in(tmp_path: Path) -> None:
    with serving(tmp_path) as service, closing(Guarded(service, tmp_path)) as guarded:
        wrong = guarded.with_headers({"X-API-Key": "pvt_1_wrong"})
        statuses = [wrong.get("/v1/collections").status_code for _ in range(22)]
        assert set(statuses[:20]) == {401}
        assert statuses[-1] == 429
        assert int(wrong.get("/v1/collections").headers["retry-after"]) >= 1
        assert guarded.admin.get("/v1/collections").status_code == 200


def test_a_key_has_so_many_requests_a_minute(guarded: Guarded) -> None:
    client = guarded.client("read", rate=2)
    first, second, third = (client.get("/v1/collections") for _ in range(3))
    assert first.headers["ratelimit-policy"] == '"key";q=2;w=60'
    assert first.headers["ratelimit"].startswith('"key";r=1;t=')
    assert (second.status_code, third.status_code) == (200, 429)
    assert third.json()["type"] == "urn:pivot:rate-limited"
    assert 1 <= int(third.headers["retry-after"]) <= 30
    assert third.headers["ratelimit"].startswith('"key";r=0;t=')
    assert guarded.client("read", rate=2).get("/v1/collections").status_code == 200


def test_a_key_without_a_rate_of_its_own_has_that_of_the_service(tmp_path: Path) -> None:
    with serving(tmp_path, rate=1) as service, closing(Guarded(service, tmp_path)) as guarded:
        assert [guarded.admin.get("/v1/collections").status_code for _ in "ab"] == [200, 429]
        own = guarded.client("read", rate=2)
        assert [own.get("/v1/collections").status_code for _ in "abc"] == [200, 200, 429]


def test_a_key_of_the_command_line_counts_within_seconds_and_so_does_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.keyring.REFRESH_SECONDS", 0.0)
    with serving(tmp_path) as service:
        assert service.client.get("/v1/collections").status_code == 200
        file = KeyFile(tmp_path)  # as another process would
        key, secret = file.create(NewKey(name="a", scope="admin"))
        assert service.client.get("/v1/collections").status_code == 401
        headers = {"X-API-Key": secret}
        assert service.client.get("/v1/collections", headers=headers).status_code == 200
        file.revoke(key.id)
        assert service.client.get("/v1/collections", headers=headers).status_code == 401
        assert service.client.get("/v1/collections").status_code == 401, "losing the last key opens nothing"


def test_a_damaged_file_of_keys_lets_nobody_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.keyring.REFRESH_SECONDS", 0.0)
    with serving(tmp_path) as service:
        (tmp_path / FILE).write_bytes(b"no database" * 1000)
        for _ in range(2):
            answer = service.client.get("/v1/collections")
            assert (answer.status_code, answer.json()["type"]) == (500, "urn:pivot:store-damaged")
        (tmp_path / FILE).unlink()


def test_the_page_logs_in_with_a_cookie_that_scripts_cannot_read(guarded: Guarded) -> None:
    secret = guarded.client("write").headers["Authorization"].removeprefix("Bearer ")
    page = guarded.nobody
    assert page.get("/v1/session").json() == {
        "required": True, "name": None, "scope": None, "collections": None
    }  # fmt: skip
    answer = page.post("/v1/session", json={"key": secret})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 204
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert secret not in cookie
    assert page.get("/v1/session").json()["scope"] == "write"
    assert page.get(IMAGES).status_code == 200
    form = {"files": ("a.png", plain(RED))}
    assert page.post(IMAGES, files=form).json()["type"] == "urn:pivot:other-site"
    assert page.post(IMAGES, files=form, headers={"Origin": guarded.address.rstrip("/")}).is_success
    kept = page.cookies[COOKIE]
    assert guarded.with_headers({"Cookie": f"{COOKIE}={kept}"}).get(IMAGES).status_code == 200
    assert guarded.with_headers({"Cookie": f"{COOKIE}={secret}"}).get(IMAGES).status_code == 401
    assert page.delete("/v1/session").status_code == 204
    assert guarded.with_headers({"Cookie": f"{COOKIE}={kept}"}).get(IMAGES).status_code == 401


def test_the_cookie_is_secure_over_https_and_a_wrong_key_gets_none(guarded: Guarded) -> None:
    secret = guarded.admin.headers["Authorization"].removeprefix("Bearer ")
    behind = guarded.with_headers({"X-Forwarded-Proto": "https"})
    assert "Secure" in behind.post("/v1/session", json={"key": secret}).headers["set-cookie"]
    refused = guarded.nobody.post("/v1/session", json={"key": "pvt_1_no"})
    assert (refused.status_code, "set-cookie" in refused.headers) == (401, False)


def test_a_key_is_made_told_once_and_revoked_over_http(guarded: Guarded) -> None:
    made = guarded.admin.post("/v1/keys", json={"name": "phone", "scope": "read"})
    assert made.status_code == 201
    client = guarded.with_headers({"X-API-Key": made.json()["secret"]})
    assert client.get("/v1/collections").status_code == 200
    described = guarded.admin.get(made.headers["location"]).json()
    assert (described["name"], "secret" in described) == ("phone", False)
    assert guarded.admin.delete(made.headers["location"]).status_code == 204
    assert client.get("/v1/collections").status_code == 401
    assert guarded.admin.delete(made.headers["location"]).json()["type"] == "urn:pivot:no-such-key"
    page = guarded.admin.get("/v1/keys", params={"limit": 1}).json()
    after = guarded.admin.get("/v1/keys", params={"cursor": page["next_cursor"]}).json()
    assert [key["id"] for key in page["keys"]] == [1]
    assert after["keys"][0]["id"] == 2


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("rate", True),
        ("rate", "60"),
        ("expires_at", 19_000_000_000),
        ("expires_at", "19000000000"),
        ("expires_at", "3000-01-01T00:00"),
    ],
)
def test_a_key_takes_what_the_description_says_and_nothing_like_it(
    guarded: Guarded, member: str, value: object
) -> None:
    refused = guarded.admin.post("/v1/keys", json={"name": "phone", "scope": "read", member: value})
    assert (refused.status_code, refused.json()["field"]) == (422, member)


def test_secrets_are_neither_stored_nor_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with serving(tmp_path) as service, closing(Guarded(service, tmp_path)) as guarded:
        secret = guarded.admin.headers["Authorization"].split("_", 2)[2]  # which may hold one itself
        wrong = "pvt_1_" + "x" * 43
        guarded.with_headers({"X-API-Key": wrong}).get("/v1/keys")
        guarded.admin.get("/v1/keys")
    assert secret[-10:].encode() not in (tmp_path / FILE).read_bytes()
    told = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("service"))
    assert "a wrong key came from" in told
    assert "xxxxx" not in told
    assert secret not in told
