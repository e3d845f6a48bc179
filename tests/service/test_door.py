"""A service in a process of its own that is told to stop while it is busy."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

SEARCH = "/v1/collections/default/search"

SLOW = """
import sys, time
from service.__main__ import main
from tests.fakes import ColourEncoder

class Slow(ColourEncoder):
    def embed_texts(self, texts, languages):
        if "warm up" not in texts:
            time.sleep(1)
        return super().embed_texts(texts, languages)

sys.exit(main(["serve", "--port", "0", "--store", sys.argv[1]], lambda _: Slow()))
"""


def test_a_stop_under_load_answers_everyone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SLOW, str(tmp_path)]
    settings = {"PIVOT_DECODE_WORKERS": "1", "PIVOT_GRACE_SECONDS": "600"}  # of which it takes a few
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **settings}
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as served,
        ThreadPoolExecutor() as clients,
    ):
        assert served.stdout is not None
        assert served.stderr is not None
        try:
            with httpx.Client(base_url=served.stdout.readline().split()[-1], timeout=60) as client:
                ask = lambda q: client.post(SEARCH, json={"q": q})  # noqa: E731
                asked = [clients.submit(ask, q) for q in ("red", "green", "blue", "secret")]
                for _ in range(500):
                    if 'pivot_gate_inside{gate="searches"} 4.0' in client.get("/metrics").text:
                        break
                    threading.Event().wait(0.01)
                served.send_signal(signal.SIGTERM)
                for _ in range(500):
                    late = client.get("/v1/collections")
                    if late.status_code == 503:
                        break
                assert (late.status_code, late.json()["type"]) == (503, "urn:pivot:stopping")
                assert int(late.headers["retry-after"]) >= 1
                assert late.headers["connection"] == "close"
                assert client.get("/metrics").status_code == 200
                assert client.get("/livez").status_code == 200
                assert [answer.result().status_code for answer in asked] == [200] * 4
            assert served.wait(timeout=30) == -signal.SIGTERM
            log = served.stderr.read()
            assert "POST /v1/collections/{collection}/search 200" in log
            assert "secret" not in log
        finally:
            served.kill()
