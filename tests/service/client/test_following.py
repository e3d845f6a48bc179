"""The events of a job, as they come over a connection that may break."""

import json

import httpx
import pytest

from service.client import NotFound, Unreachable
from tests.service.client.driving import Breaking, Driver, Scripted, job, problem


def event(id: int, kind: str, state: str = "running") -> bytes:
    return f"id: {id}\nevent: {kind}\ndata: {json.dumps(job(state))}\n\n".encode()


def test_events_come_once_each_though_the_connection_is_lost(drive: Driver) -> None:
    half = event(3, "progress")[:-1]  # all but the empty line that ends it
    answers = [
        httpx.Response(
            200, stream=Breaking(event(1, "progress"), b": still here\n\n", event(2, "item"), half)
        ),
        httpx.Response(200, stream=Breaking(event(3, "progress"))),
        httpx.Response(200, content=event(4, "done", "succeeded")),
    ]
    service = Scripted([*answers])
    # Events between two losses show that the connection works: one retry is enough for any number of them.
    events = drive(lambda pivot: pivot.follow_job(7), transport=service.transport, retries=1)
    assert all(answer.is_closed for answer in answers)
    assert [(one.id, one.kind) for one in events] == [
        ("1", "progress"),
        ("2", "item"),
        ("3", "progress"),
        ("4", "done"),
    ]
    assert events[-1].data["state"] == "succeeded"
    assert [request.headers.get("Last-Event-ID") for request in service.requests] == [None, "2", "3"]


def test_a_connection_that_is_lost_again_and_again_is_given_up(drive: Driver) -> None:
    lost = httpx.MockTransport(lambda _: httpx.Response(200, stream=Breaking()))
    with pytest.raises(Unreachable, match="again and again"):
        drive(lambda pivot: pivot.follow_job(7), transport=lost)


def test_a_job_that_is_not_there_is_told(drive: Driver) -> None:
    with pytest.raises(NotFound):
        drive(lambda pivot: pivot.follow_job(7), transport=Scripted([problem(404)]).transport)
