"""Requests that nobody thought of, made by Schemathesis from our own description of the API.

Whatever is asked, nothing fails inside, and each answer is one that the description announces. `make fuzz`
tries far more of them, others each time.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.service.pictures import BLUE, RED, plain
from tests.service.serving import serving

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


def test_no_request_makes_the_service_fail_or_answer_what_is_not_described(tmp_path: Path) -> None:
    with serving(tmp_path / "store") as service:
        files = [("files", (f"{name}.png", plain(colour))) for name, colour in (("red", RED), ("blue", BLUE))]
        service.client.post("/v1/collections/default/images", files=files).raise_for_status()
        ran = subprocess.run(
            _command(str(service.client.base_url)), cwd=tmp_path, capture_output=True, text=True
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _command(address: str) -> list[str]:
    return [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"),
        *("--max-examples", EXAMPLES or "10", *(() if EXAMPLES else (DETERMINISTIC,))),
        *(
            "--warnings",
            "off",
            "--no-color",
            "--continue-on-failure",
            "--no-shrink",
            "--request-timeout",
            "30",
        ),
    ]
