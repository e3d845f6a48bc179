from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from model.training.evaluate import main


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["evaluate", *arguments])
    return main()


def test_the_report_has_every_language_in_full(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.json"

    assert run(monkeypatch, "--data", str(colours), "--json", str(file)) == 0

    report = json.loads(file.read_text())
    assert report["scoring"] in ("symmetric", "asymmetric")
    assert report["checkpoint"].startswith("pivot-")
    assert list(report["languages"]) == ["en", "de"]
    english = report["languages"]["en"]
    assert (english["images"], english["captions"]) == (6, 6)
    for way in ("text_to_image", "image_to_text"):
        assert list(english[way]) == ["r1", "r5", "r10", "median_rank"]
        assert english[way]["r1"] <= english[way]["r5"] <= english[way]["r10"] == 100
        assert english[way]["median_rank"] >= 1
    assert "text to image" in capsys.readouterr().out


def test_both_scores_can_be_asked_for(colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for scoring in ("symmetric", "asymmetric"):
        file = tmp_path / f"{scoring}.json"
        assert run(monkeypatch, "--data", str(colours), "--scoring", scoring, "--json", str(file)) == 0
        assert json.loads(file.read_text())["scoring"] == scoring


def test_errors_are_a_sentence_and_exit_code_1(
    colours: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--data", str(colours), "--languages", "en,fr") == 1
    assert "fr.tsv is missing" in capsys.readouterr().err
    assert run(monkeypatch, "--data", str(colours), "--checkpoint", str(colours)) == 1
    assert "no pivot.safetensors" in capsys.readouterr().err
    assert run(monkeypatch, "--data", str(colours), "--json", str(colours / "none" / "report.json")) == 1
    assert "none is no folder" in capsys.readouterr().err


@pytest.mark.skipif("PIVOT_DATA" not in os.environ, reason="PIVOT_DATA names no folder with flickr8k/")
def test_the_shipped_checkpoint_finds_photos_that_it_never_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, file = Path(os.environ["PIVOT_DATA"]) / "flickr8k", tmp_path / "report.json"

    assert run(monkeypatch, "--data", str(folder), "--split", "dev", "--json", str(file)) == 0

    languages = json.loads(file.read_text())["languages"]
    assert languages["en"]["text_to_image"]["r10"] > 50
    assert languages["de"]["text_to_image"]["r10"] > 45
