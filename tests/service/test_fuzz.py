"""Requests that nobody thought of, made by Schemathesis from our own description of the API.

Whatever is asked, nothing fails inside, and each answer is one that the description announces. `make fuzz`
tries far more of them, others each time.

The service asks for no key: with the first one that is made, it would refuse all that comes after.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.fetch import Fetcher, Network
from service.keys import KeyFile, NewKey
from tests.service.jobs.packing import zipped
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service, serving

pytest.importorskip("schemathesis", reason="the extra `dev` is not installed")

# Requests for each operation; without it a few, the same each time.
EXAMPLES: Final = os.environ.get("PIVOT_FUZZ")
DETERMINISTIC: Final = "--generation-deterministic"
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "allow_header_conformance",
)
SINGLE: Final = ("--phases", "examples,coverage,fuzzing")
# What deletes has a service of its own: it would leave nothing for the rest to find. The last follow links,
# such as from what was made to its description, its change and its end.
RUNS: Final = {
    "all that deletes nothing": (10, (*SINGLE, "--exclude-method=DELETE", "--exclude-path-regex=delete$")),
    "all that deletes": (10, (*SINGLE, "--include-method=DELETE", "--include-path-regex=delete$")),
    "one after the other": (60, ("--phases", "stateful")),
}


@pytest.mark.parametrize("run", RUNS)
def test_no_request_makes_the_service_fail_or_answer_what_is_not_described(tmp_path: Path, run: str) -> None:
    store = tmp_path / "store"
    KeyFile(store).create(NewKey(name="admin", scope="admin"))
    nowhere = Fetcher(1000, network=Network(lambda *_: []))
    with serving(store, fetcher=nowhere, guarded=False) as service:
        _fill(service)
        command = _command(str(service.client.base_url), *RUNS[run])
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        statuses = _statuses(service.client.get("/metrics").text)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert statuses["401"] < statuses.total() / 2, "hardly anybody was let in"


def _statuses(metrics: str) -> Counter[str]:
    """How many answers had which status."""
    told = next(one for one in text_string_to_metric_families(metrics) if one.name == "pivot_http_requests")
    counts: Counter[str] = Counter()
    for sample in told.samples:
        if sample.name.endswith("_total"):
            counts[sample.labels["status"]] += int(sample.value)
    return counts


def _fill(service: Service) -> None:
    colours = {"red": RED, "blue": BLUE}
    files = [("files", (f"{name}.png", plain(colour))) for name, colour in colours.items()]
    service.client.post("/v1/collections/default/images", files=files).raise_for_status()
    archive = zipped({"green.png": plain(GREEN), "broken.png": b"no image"})
    sent = {"archive": ("photos.zip", archive)}
    service.client.post("/v1/collections/default/imports", files=sent).raise_for_status()


def _command(address: str, few: int, what: tuple[str, ...]) -> list[str]:
    return [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"),
        *("--checks", ",".join(CHECKS), *what),
        *("--max-examples", EXAMPLES or str(few), *(() if EXAMPLES else (DETERMINISTIC,))),
        *("--warnings", "off", "--no-color", "--continue-on-failure", "--no-shrink"),
        *("--request-timeout", "30"),
    ]
