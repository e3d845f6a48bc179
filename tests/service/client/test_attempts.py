"""What is sent again, and what never is."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.client import Busy, Conflict, NotFound, NotPivot, TooLarge, Unreachable
from service.client.attempts import LONGEST_PAUSE, Attempts
from service.client.errors import refusal
from service.client.request import Request
from service.client.requests import collections, images, jobs, keys
from tests.service.client.driving import URL, Driver, Scripted, image, job, problem

COLLECTION = {
    "name": "a",
    "created_at": "2026-01-31T12:00:00.123Z",
    "images": 0,
    "searchable": 0,
    "captions": 0,
    "bytes": 0,
    "model": "m",
    "state": "ready",
}
ADDED = {
    "items": [{"index": 0, "filename": "a.png", "status": "created", "image": image(1), "error": None}],
    "created": 1,
    "existing": 0,
    "failed": 0,
}


def test_a_busy_service_is_asked_again_after_the_pause_that_it_names(drive: Driver) -> None:
    service = Scripted([problem(503), problem(429), httpx.Response(200, json=image(1))])
    assert drive(lambda pivot: pivot.image(1), transport=service.transport).id == 1
    assert len(service.requests) == 3


def test_pauses_are_those_asked_for_within_reason_and_double_where_connections_are_lost() -> None:
    busy = Attempts(images.image(1), URL, 5)
    assert [busy.after_answer(503, {"Retry-After": asked}) for asked in ("3", "3600")] == [3, LONGEST_PAUSE]
    lost = Attempts(images.image(1), URL, 5)
    first, second, third = (lost.after_error(httpx.ReadError("lost")) for _ in range(3))
    assert (second, third) == (2 * first, 4 * first)


def test_patience_ends(drive: Driver) -> None:
    service = Scripted([problem(503), problem(503), problem(503)])
    with pytest.raises(Busy, match=r"^It failed\. Mend it\.$"):
        drive(lambda pivot: pivot.image(1), transport=service.transport, retries=2)
    assert service.answers == []


def test_a_busy_service_that_names_no_pause_is_not_asked_again(drive: Driver) -> None:
    answer = problem(503)
    del answer.headers["Retry-After"]
    service = Scripted([answer])
    with pytest.raises(Busy):
        drive(lambda pivot: pivot.image(1), transport=service.transport)


def test_an_upload_whose_answer_was_lost_is_sent_again_with_the_same_key_and_files(
    drive: Driver, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"all of the file")
    service = Scripted([httpx.ReadError("lost"), problem(503), httpx.Response(201, json=ADDED)])
    answer = drive(lambda pivot: pivot.upload([tmp_path / "a.png"]), transport=service.transport)
    assert answer.created == 1
    keys = {request.headers["Idempotency-Key"] for request in service.requests}
    assert len(service.requests) == 3
    assert len(keys) == 1
    assert all(b"all of the file" in request.content for request in service.requests)


def test_two_uploads_have_two_keys() -> None:
    keys = {images.upload([b"x"]).headers["Idempotency-Key"] for _ in range(2)}
    assert len(keys) == 2
    assert images.upload(b"x", idempotency_key="mine").headers["Idempotency-Key"] == "mine"


def test_only_what_may_be_done_twice_is_repeatable(tmp_path: Path) -> None:
    once: list[Request[Any]] = [
        collections.create_collection("a"),
        collections.rename_collection("a", "b"),
        collections.delete_collection("a"),
        images.delete_image(1),
        images.delete_images(ids=[1]),
        jobs.import_archive(tmp_path / "a.zip"),
        jobs.import_folder("photos"),
        jobs.import_urls(["https://example.org/a.png"]),
        keys.create_key("a", scope="read"),
        keys.revoke_key(1),
    ]
    assert [request.path for request in once if request.repeatable] == []
    assert images.delete_images(ids=[1], dry_run=True).repeatable


@pytest.mark.parametrize("lost", [httpx.ReadError("lost"), httpx.RemoteProtocolError("lost")])
def test_what_may_have_been_done_is_not_done_twice(drive: Driver, lost: Exception) -> None:
    service = Scripted([lost])
    with pytest.raises(Unreachable, match=r"^No answer from http://pivot.test \(lost\)\."):
        drive(lambda pivot: pivot.create_collection("a"), transport=service.transport)
    service = Scripted([problem(503)])
    with pytest.raises(Busy):
        drive(lambda pivot: pivot.delete_image(1), transport=service.transport)


def test_what_was_certainly_not_heard_is_sent_again_whatever_it_is(drive: Driver) -> None:
    service = Scripted(
        [httpx.ConnectError("refused"), problem(429), httpx.Response(201, json=COLLECTION)],
    )
    assert drive(lambda pivot: pivot.create_collection("a"), transport=service.transport).name == "a"


def test_nobody_at_the_address_is_told_after_a_few_attempts(drive: Driver) -> None:
    service = Scripted([httpx.ConnectError("refused")] * 4)
    with pytest.raises(Unreachable, match="refused"):
        drive(lambda pivot: pivot.image(1), transport=service.transport, retries=100)
    assert service.answers == []


def test_a_service_that_takes_too_long_is_not_asked_again(drive: Driver) -> None:
    service = Scripted([httpx.ReadTimeout("")])
    with pytest.raises(Unreachable, match="ReadTimeout"):
        drive(lambda pivot: pivot.image(1), transport=service.transport)


def test_a_problem_is_an_error_that_carries_it(drive: Driver) -> None:
    told = {"type": "urn:pivot:unknown-image", "field": "image_id", "limit": 3, "later": "member"}
    with pytest.raises(NotFound, match=r"^It failed\. Mend it\.$") as raised:
        drive(lambda pivot: pivot.image(9), transport=Scripted([problem(404, **told)]).transport)
    problem_told = raised.value.problem
    assert (problem_told.type, problem_told.field, problem_told.limit) == (
        "urn:pivot:unknown-image",
        "image_id",
        3,
    )
    assert problem_told.model_extra == {"later": "member"}
    assert isinstance(refusal(URL, 410, problem(410).content), NotFound)
    with pytest.raises(Conflict):
        drive(lambda pivot: pivot.create_collection("a"), transport=Scripted([problem(409)]).transport)


@pytest.mark.parametrize(("status", "body"), [(200, "<html>"), (502, "Bad Gateway"), (200, "{}")])
def test_an_answer_of_something_else_is_told(drive: Driver, status: int, body: str) -> None:
    service = Scripted([httpx.Response(status, text=body)])
    with pytest.raises(NotPivot, match=f"with status {status} and no document of Pivot"):
        drive(lambda pivot: pivot.search("rot"), transport=service.transport)


def test_what_a_proxy_calls_too_large_is_told(drive: Driver) -> None:
    service = Scripted([httpx.Response(413, text="<html>")])
    with pytest.raises(TooLarge, match="Raise that limit"):
        drive(lambda pivot: pivot.upload(b"x"), transport=service.transport)


def test_an_upload_that_failed_as_a_whole_tells_of_each_file(drive: Driver) -> None:
    error = json.loads(problem(415).content)
    items = [{"index": 0, "filename": "a", "status": "failed", "image": None, "error": error}]
    answer = drive(
        lambda pivot: pivot.upload(b"x"), transport=Scripted([problem(415, items=items)]).transport
    )
    assert (answer.failed, str(answer.items[0].error)) == (1, "It failed. Mend it.")


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled"])
def test_a_job_is_waited_for(drive: Driver, end: str) -> None:
    service = Scripted([httpx.Response(200, json=job(state)) for state in ("queued", "running", end)])
    assert drive(lambda pivot: pivot.wait_for_job(7), transport=service.transport).state == end
    endless = httpx.MockTransport(lambda _: httpx.Response(200, json=job("running")))
    with pytest.raises(TimeoutError):
        drive(lambda pivot: pivot.wait_for_job(7, timeout=0.01), transport=endless)
