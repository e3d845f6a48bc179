"""What `jobs` tells of imports, by a service that was thought of beforehand."""

import json

import httpx
import pytest

from service.client import Pivot
from service.commands.jobs import follow, list_jobs, outcome, show
from tests.service.client.driving import URL, Scripted, job, problem


def pivot(*answers: httpx.Response) -> Pivot:
    return Pivot(URL, transport=Scripted(list(answers)).transport)


def failed_item() -> dict[str, object]:
    error = json.loads(problem(415).content)
    return {"index": 0, "name": "a\x1bb.txt", "status": "failed", "image_id": None, "error": error}


def test_jobs_are_listed_with_how_far_they_are() -> None:
    page = httpx.Response(
        200, json={"jobs": [job("running"), job("queued", total=None)], "next_cursor": None}
    )
    lines = list_jobs(pivot(page), None, None).splitlines()
    assert [line.split()[:5] for line in lines[1:]] == [
        ["7", "running", "archive", "default", "1/3"],
        ["7", "queued", "archive", "default", "1"],
    ]
    empty = httpx.Response(200, json={"jobs": [], "next_cursor": None})
    assert list_jobs(pivot(empty), "failed", None) == "No jobs."


def test_a_job_is_shown_with_what_failed() -> None:
    items = httpx.Response(200, json={"items": [failed_item()], "next_cursor": None})
    shown = show(pivot(httpx.Response(200, json=job("succeeded", failed=1)), items), 7)
    assert shown.splitlines() == [
        "a\N{REPLACEMENT CHARACTER}b.txt: It failed. Mend it.",
        "Job 7 of default succeeded: 1 added, 0 already there, 1 failed, 0 of other kinds skipped.",
    ]


def test_a_job_is_followed_and_names_what_fails(capsys: pytest.CaptureFixture[str]) -> None:
    told = (("progress", job("running")), ("item", failed_item()), ("done", job("succeeded")))
    events = "".join(
        f"id: {id}\nevent: {kind}\ndata: {json.dumps(data)}\n\n" for id, (kind, data) in enumerate(told)
    )
    ended = follow(pivot(httpx.Response(200, text=events), httpx.Response(200, json=job("succeeded"))), 7)
    assert outcome(ended).startswith("Job 7 of default succeeded")
    assert capsys.readouterr().err == "a\N{REPLACEMENT CHARACTER}b.txt: It failed. Mend it.\n"
