"""Train and evaluate one unit. What it found is a JSON file; until then, a checkpoint after every epoch."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from benchmarks.paper.batches import Batch, by_photo, epoch
from benchmarks.paper.data import Data
from benchmarks.paper.systems import Model, Settings, Unit, loss
from model.training.data import Caption
from model.training.loss import Described
from model.training.recall import Recall, image_to_text, text_to_image
from model.training.sts import Pairs, pearson

AT_ONCE = 256


@dataclass
class Progress:
    """After an epoch; `best` is the model of the epoch that found most on dev."""

    epochs: int
    seconds: float
    found: list[float]
    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    best: dict[str, Tensor]


class Run:
    """A unit in training."""

    def __init__(self, unit: Unit, settings: Settings, data: Data, folder: Path) -> None:
        self.unit, self.settings, self.data = unit, settings, data
        name = unit.name(settings, data.fingerprint())
        self.result, self.checkpoint = folder / f"{name}.json", folder / f"{name}.pt"
        self.train, self.dev = data.features(folder)
        self.vocabularies = {
            language: data.vocabulary(language, settings.least) for language in unit.languages
        }
        torch.manual_seed(unit.seed)
        self.model = Model({language: len(words) for language, words in self.vocabularies.items()}, settings)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=settings.rate, fused=True)

    def finish(self) -> None:
        """Train what is left to train, evaluate the best epoch, and write the result."""
        progress = self._resumed()
        captions = {
            language: by_photo(self.data.train.captions[language], vocabulary)
            for language, vocabulary in self.vocabularies.items()
        }
        while progress.epochs < self.settings.epochs:
            begin = perf_counter()
            self._set_rate(progress.epochs)
            chance = Random(f"{self.unit.seed} {progress.epochs}")
            batches = epoch(captions, self.settings.captions, self.settings.batch, chance)
            losses = [self._step(batch) for batch in batches]
            trained = perf_counter()
            progress = self._after_epoch(progress, perf_counter() - begin)
            print(
                f"{self.checkpoint.stem}: epoch {progress.epochs} of {self.settings.epochs}, "
                f"loss {sum(losses) / len(losses):.3f}, found {progress.found[-1]:.1f}, "
                f"{trained - begin:.0f} s and {perf_counter() - trained:.0f} s for dev",
                flush=True,
            )
        self.model.load_state_dict(progress.best)
        _write(self.result, json.dumps(self._evaluated(progress), indent=2) + "\n")
        self.checkpoint.unlink(missing_ok=True)

    def _step(self, batch: Batch) -> float:
        images = self.model.images(self.train[batch.photos])
        texts = [
            Described(
                self.model.sentences(language, texts.sentences),
                torch.tensor(texts.owners),
                torch.tensor(texts.wordings()),
            )
            for language, texts in batch.texts.items()
        ]
        value = loss(self.unit.system, self.settings, images, texts)
        self.optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return value.item()

    def _set_rate(self, done: int) -> None:
        """Down in a line, an epoch a step."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * (1 - done / self.settings.epochs)

    def _after_epoch(self, before: Progress, seconds: float) -> Progress:
        found = self._found_at_a_glance()
        better = not before.found or found > max(before.found)
        progress = Progress(
            epochs=before.epochs + 1,
            seconds=before.seconds + seconds,
            found=[*before.found, found],
            model=self.model.state_dict(),
            optimizer=self.optimizer.state_dict(),
            best=copy.deepcopy(self.model.state_dict()) if better else before.best,
        )
        aside = self.checkpoint.with_suffix(".new")
        torch.save(vars(progress), aside)
        aside.replace(self.checkpoint)
        return progress

    def _resumed(self) -> Progress:
        if not self.checkpoint.is_file():
            return Progress(0, 0.0, [], {}, {}, {})
        progress = Progress(**torch.load(self.checkpoint, weights_only=True))
        self.model.load_state_dict(progress.model)
        self.optimizer.load_state_dict(progress.optimizer)
        return progress

    def _found_at_a_glance(self) -> float:
        """What chooses the epoch: R@1 + R@5 + R@10 both ways, one caption a photo."""
        sums = []
        for language in self.unit.languages:
            first = {caption.image: caption for caption in reversed(self.data.dev.captions[language])}
            ways = self._recall(language, list(first.values()))
            sums.append(sum(way[k] for way in ways.values() for k in ("r1", "r5", "r10")))
        return sum(sums) / len(sums)

    def _evaluated(self, progress: Progress) -> dict[str, Any]:
        languages = self.unit.languages
        return {
            "system": self.unit.system.name,
            "languages": languages,
            "seed": self.unit.seed,
            "settings": asdict(self.settings),
            "words": {language: len(words) for language, words in self.vocabularies.items()},
            "found": progress.found,
            "epoch": 1 + progress.found.index(max(progress.found)),
            "seconds": round(progress.seconds),
            "dev": {code: self._recall(code, self.data.dev.captions[code]) for code in languages},
            "sts": {name: self._sts(pairs) for name, pairs in self.data.sts.items() if "en" in languages},
        }

    @torch.inference_mode()
    def _recall(self, language: str, captions: Sequence[Caption]) -> dict[str, dict[str, float]]:
        images = self.model.images(self.dev)
        texts = self._embedded(language, [caption.text for caption in captions])
        owners = torch.tensor([caption.image for caption in captions])
        scoring = self.unit.system.scoring
        return {
            "image_to_text": asdict(Recall.of(image_to_text(images, texts, owners, scoring))),
            "text_to_image": asdict(Recall.of(text_to_image(images, texts, owners, scoring))),
        }

    @torch.inference_mode()
    def _sts(self, pairs: Pairs) -> dict[str, float]:
        """Pearson's r x 100 of the cosine, and of the asymmetric score in the better of its two directions.

        The mean of the two directions would be the cosine again: -(1 - <a, b>), see model/similarity.py.
        """
        first, second = (self._embedded("en", sentences) for sentences in (pairs.first, pairs.second))
        cosines = (first * second).sum(dim=1)
        directions = [
            -(b - a).clamp(min=0).square().sum(dim=1) for a, b in ((first, second), (second, first))
        ]
        return {
            "cosine": pearson(pairs.scores, cosines.numpy()),
            "asymmetric": pearson(pairs.scores, torch.maximum(*directions).numpy()),
        }

    @torch.inference_mode()
    def _embedded(self, language: str, texts: Sequence[str]) -> Tensor:
        """`(n, dim)`."""
        numbers = [self.vocabularies[language].numbers(text) for text in texts]
        return torch.cat(
            [
                self.model.sentences(language, numbers[start : start + AT_ONCE])
                for start in range(0, len(numbers), AT_ONCE)
            ]
        )


def train(unit: Unit, settings: Settings, data: Path, folder: Path) -> None:
    """One unit, in a process of its own, which finds this function only outside of `__main__`."""
    torch.set_num_threads(1)  # several processes share the cores better than several threads do
    Run(unit, settings, Data.read(data), folder).finish()


def _write(file: Path, text: str) -> None:
    aside = file.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(file)
