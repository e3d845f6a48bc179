from collections.abc import Iterator

import httpx
import pytest

from tests.service.serving import Service, serving

Headers = dict[str, str]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that is reached under two names too."""
    with serving(tmp_path_factory.mktemp("proxied"), hosts="Photos.example, pivot.lan") as service:
        yield service


def change(service: Service, headers: Headers) -> httpx.Response:
    """The answer to a request that would change something, if there were such a collection."""
    return service.client.delete("/v1/collections/nowhere", headers=headers)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:8000", "LOCALHOST.", "pivot.localhost", "[::1]:8000", "192.168.0.7:80"]
)
def test_addresses_and_names_of_this_machine_are_answered(service: Service, host: str) -> None:
    assert service.client.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[", ""])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_name_that_others_may_point_here_is_refused(service: Service, host: str, method: str) -> None:
    answer = service.client.request(method, "/v1/collections/nowhere", headers={"Host": host})
    assert (answer.status_code, answer.json()["type"]) == (421, "urn:pivot:unknown-host")
    assert "PIVOT_HOSTS" in answer.json()["remedy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_names_from_the_settings_are_answered_and_no_others(proxied: Service) -> None:
    statuses = {
        host: proxied.client.get("/livez", headers={"Host": host}).status_code
        for host in ("photos.example", "pivot.lan:8443", "127.0.0.1", "evil.example")
    }
    assert statuses == {"photos.example": 200, "pivot.lan:8443": 200, "127.0.0.1": 200, "evil.example": 421}


def test_a_star_allows_any_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("open"), hosts="*") as service:
        assert service.client.get("/livez", headers={"Host": "any.example"}).status_code == 200
        refused = change(service, {"Host": "any.example", "Origin": "http://evil.example"})
        assert refused.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:3000", "Host": "localhost:8000"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_other_sites_change_nothing(service: Service, headers: Headers) -> None:
    answer = change(service, headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:pivot:other-site")
    assert answer.json()["remedy"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"},
        {"Origin": "http://192.168.0.7:8000", "Host": "192.168.0.7:8000"},
        {"Origin": "http://localhost", "Host": "Localhost"},
    ],
)
def test_programs_and_our_own_page_change_things(service: Service, headers: Headers) -> None:
    assert change(service, headers).json()["type"] == "urn:pivot:unknown-collection"


def test_a_page_under_a_name_from_the_settings_changes_things(proxied: Service) -> None:
    answer = change(proxied, {"Origin": "https://photos.example", "Host": "127.0.0.1:8000"})
    assert answer.json()["type"] == "urn:pivot:unknown-collection"


def test_other_sites_may_link_to_the_page(service: Service) -> None:
    assert service.client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
