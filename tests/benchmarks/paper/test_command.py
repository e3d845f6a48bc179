"""The whole command on six plain colours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks.paper.__main__ import main
from benchmarks.paper.data import STS
from benchmarks.paper.run import Run
from tests.model.training.conftest import COLOURS

SMALL = ["--dim", "16", "--word", "4", "--least", "1", "--epochs", "3", "--captions", "1", "--seeds", "1"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for place in ("sts", "flickr8k/images", "flickr8k/captions"):
        (folder / place).mkdir(parents=True)
    flickr = folder / "flickr8k"
    for split in ("train", "dev"):
        for colour in COLOURS:
            Image.new("RGB", (32, 32), colour).save(flickr / "images" / f"{split}-{colour}.png")
    names = [(split, colour) for split in ("train", "dev") for colour in COLOURS]
    write(flickr / "splits.tsv", ["image\tsplit", *(f"{s}-{c}.png\t{s}" for s, c in names)])
    english = [f"{s}-{c}.png\tthe colour {c}" for s, c in names]
    german = [f"{s}-{c}.png\tdie Farbe {COLOURS[c]}" for s, c in names]
    for language, captions in (("en", english), ("de", german)):
        write(flickr / "captions" / f"{language}.tsv", ["image\tcaption", *captions])
    pairs = ["5\tred\tthe colour red", "1\tred\tgreen", "0\tthe colour blue\tyellow"]
    for name in STS:
        write(folder / "sts" / f"{name}.tsv", ["score\tsentence1\tsentence2", *pairs])
    return folder


def write(file: Path, lines: list[str]) -> None:
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of their own would each load torch anew."""
    from concurrent.futures import ThreadPoolExecutor

    monkeypatch.setattr(
        "benchmarks.paper.__main__.ProcessPoolExecutor", lambda jobs, **_: ThreadPoolExecutor(jobs)
    )


@pytest.mark.usefixtures("in_this_process")
def test_the_table_comes_from_one_command_and_then_at_once(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["--data", str(data), "--out", str(tmp_path / "out"), *SMALL]

    assert main([*command, "--systems", "VSE,PARALLEL-ASYM"]) == 0
    partial = capsys.readouterr().out
    assert main(command) == 0
    full = capsys.readouterr().out
    monkeypatch.setattr(Run, "finish", lambda _: pytest.fail("trained again"))
    assert main(command) == 0
    again = capsys.readouterr().out

    assert "| OE | missing |" in partial
    assert "missing" not in full
    assert again == full[full.index("8 of 8 runs") :]
    assert not list((tmp_path / "out").glob("*.pt"))


@pytest.mark.usefixtures("in_this_process")
def test_a_run_that_was_stopped_ends_like_one_that_was_not(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def command(out: str) -> int:
        return main(["--data", str(data), "--out", str(tmp_path / out), *SMALL, "--systems", "PIVOT-ASYM"])

    def result(out: str) -> dict[str, object]:
        (file,) = (tmp_path / out).glob("*.json")
        found: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        return {name: value for name, value in found.items() if name != "seconds"}

    command("straight")
    steps: list[float] = []
    step = Run._step

    def stops(self: Run, batch: object) -> float:
        if len(steps) == 2:
            raise KeyboardInterrupt
        steps.append(step(self, batch))  # type: ignore[arg-type]
        return steps[-1]

    monkeypatch.setattr(Run, "_step", stops)
    with pytest.raises(KeyboardInterrupt):
        command("stopped")
    monkeypatch.setattr(Run, "_step", step)
    (checkpoint,) = (tmp_path / "stopped").glob("*.pt")
    done = torch.load(checkpoint, weights_only=True)["epochs"]
    command("stopped")

    assert done == 2
    assert result("stopped") == result("straight")


def test_runs_side_by_side_are_processes_of_their_own(data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.paper", "--data", str(data), *SMALL]

    subprocess.run([*command, "--systems", "VSE", "--jobs", "2", "--out", str(tmp_path / "out")], check=True)

    assert len(list((tmp_path / "out").glob("VSE-*.json"))) == 2


def test_nothing_is_trained_or_written_to_print(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(data), "--out", str(tmp_path / "out"), "--print"]) == 0

    assert "0 of 24 runs" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_without_data_the_remedy_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIVOT_DATA", raising=False)

    assert main([]) == 2

    assert "PIVOT_DATA" in capsys.readouterr().err
