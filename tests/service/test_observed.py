import json
import logging
from pathlib import Path

import pytest

from service.keys import KeyFile, NewKey
from service.logs import JsonLines
from tests.service.pictures import RED, plain
from tests.service.serving import Service, serving

SEARCH = "/v1/collections/default/search"
IMAGES = "/v1/collections/default/images"


def test_a_request_keeps_the_id_that_it_came_with(service: Service) -> None:
    answer = service.client.get("/no/such/place", headers={"X-Request-ID": "trace-1:a/b"})
    assert answer.headers["x-request-id"] == "trace-1:a/b"
    assert answer.json()["request_id"] == "trace-1:a/b"


@pytest.mark.parametrize("given", [b"two words", b"x" * 129, b"", b'"', "ümlaut".encode()])
def test_an_id_that_may_not_stand_in_a_log_is_replaced(service: Service, given: bytes) -> None:
    ids = [
        service.client.get("/livez", headers=[(b"X-Request-ID", given)]).headers["x-request-id"] for _ in "ab"
    ]
    assert all(len(id) == 32 and id.isalnum() for id in ids)
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("path", "body", "status"), [("/v1/embeddings", {}, 400), (SEARCH, {"q": ""}, 422), (SEARCH, {}, 422)]
)
def test_every_problem_names_its_request(service: Service, path: str, body: object, status: int) -> None:
    answer = service.client.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_request_is_one_line_that_tells_nothing_of_what_was_asked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(tmp_path) as service:
        key, secret = KeyFile(tmp_path).create(NewKey(name="mine", scope="write"))
        service.keyring.refresh()
        service.client.headers["X-API-Key"] = secret
        with caplog.at_level(logging.INFO, "service.observed"):
            service.client.get(SEARCH, params={"q": "secretword"})
            service.client.post(IMAGES, files={"files": ("secretname.png", plain(RED))})
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "GET /v1/collections/{collection}/search 200",
        "POST /v1/collections/{collection}/images 201",
    ]
    lines = "".join(JsonLines().format(record) for record in caplog.records)
    assert "secret" not in lines
    assert secret not in lines
    fields = json.loads(JsonLines().format(caplog.records[0]))
    assert (fields["method"], fields["status"], fields["key"]) == ("GET", 200, key.id)
    assert fields["milliseconds"] > 0
