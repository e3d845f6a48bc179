"""The six systems of the paper, as units to train: a system, its languages, a seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from benchmarks.paper.gru import Gru
from benchmarks.paper.order import order_score
from model.efficientnet import HEAD_CHANNELS
from model.networks import non_negative_unit
from model.similarity import Scoring, symmetric
from model.training.loss import Described, pair_loss, ranking_loss

LANGUAGES = ("en", "de")


@dataclass(frozen=True)
class System:
    name: str
    scoring: Scoring
    together: bool = False  # one model of both languages, and not one for each
    parallel: bool = False  # with the hinge between captions


SYSTEMS = (
    System("VSE", "symmetric"),
    System("OE", "asymmetric"),
    System("PIVOT-SYM", "symmetric", together=True),
    System("PIVOT-ASYM", "asymmetric", together=True),
    System("PARALLEL-SYM", "symmetric", together=True, parallel=True),
    System("PARALLEL-ASYM", "asymmetric", together=True, parallel=True),
)


@dataclass(frozen=True)
class Settings:
    """The same for all systems. Words, batch, margins and rate are those of the paper and Vendrov et al.."""

    dim: int = 512
    word: int = 300
    least: int = 2  # occurrences of a word that the vocabulary knows
    batch: int = 128  # photos, each with one caption a language
    captions: int = 5  # of each photo and language in an epoch
    epochs: int = 10
    rate: float = 2e-3
    symmetric_margin: float = 0.2
    asymmetric_margin: float = 0.05
    precision: str = "bfloat16"  # of the factors of products; sums and weights are float32


@dataclass(frozen=True)
class Unit:
    """One training run."""

    system: System
    languages: tuple[str, ...]
    seed: int

    def name(self, settings: Settings, data: str) -> str:
        """Of the unit's files; changes with the settings and the data's fingerprint."""
        depends = json.dumps([asdict(self.system), asdict(settings), data])
        digest = hashlib.sha256(depends.encode()).hexdigest()[:8]
        return f"{self.system.name}-{'+'.join(self.languages)}-{self.seed}-{digest}"


def units(seeds: Sequence[int], names: Sequence[str]) -> list[Unit]:
    """What the systems of these names need, all of a seed before the next: tables of one seed come early."""
    return [
        Unit(system, languages, seed)
        for seed in seeds
        for system in SYSTEMS
        if system.name in names
        for languages in ([LANGUAGES] if system.together else [(language,) for language in LANGUAGES])
    ]


class Model(nn.Module):
    """A linear map of the image features, and a GRU for each language.

    Both losses get the same space, that of order embeddings: absolute values of unit length.
    """

    def __init__(self, vocabularies: dict[str, int], settings: Settings) -> None:
        super().__init__()
        self.image = nn.Linear(HEAD_CHANNELS, settings.dim)
        nn.init.xavier_uniform_(self.image.weight)
        nn.init.zeros_(self.image.bias)
        precision: torch.dtype = getattr(torch, settings.precision)
        self.texts = nn.ModuleDict(
            {
                language: Gru(size, settings.word, settings.dim, precision)
                for language, size in vocabularies.items()
            }
        )

    def images(self, features: Tensor) -> Tensor:
        """`(n, 1280)` -> `(n, dim)`, unit, non-negative rows."""
        return non_negative_unit(self.image(features))

    def sentences(self, language: str, sentences: Sequence[Sequence[int]]) -> Tensor:
        """n sentences of word numbers -> `(n, dim)`, unit, non-negative rows."""
        return non_negative_unit(self.texts[language](sentences))


def loss(system: System, settings: Settings, images: Tensor, texts: Sequence[Described]) -> Tensor:
    """What the system minimises on a batch: a scalar; images `(n, dim)`, texts a language each."""
    asymmetric = system.scoring == "asymmetric"
    margin = settings.asymmetric_margin if asymmetric else settings.symmetric_margin
    score = order_score if asymmetric else symmetric
    losses = [ranking_loss(score(images, text.rows), text.owners, text.wordings, margin) for text in texts]
    if system.parallel and len(texts) == 2:
        first, second = texts
        readings = [score(first.rows, second.rows)]
        if asymmetric:  # either caption may be the more general one
            readings.append(score(second.rows, first.rows).T)
        losses.append(torch.stack([pair_loss(scores, first, second, margin) for scores in readings]).mean())
    return torch.stack(losses).sum()
