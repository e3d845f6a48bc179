"""A model in training: one step, and the state that survives a stop."""

from __future__ import annotations

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import AdamW, Optimizer, SparseAdam
from torch.optim.lr_scheduler import LambdaLR

from model.networks import Pivot, non_negative_unit
from model.text import network_input
from model.training.activations import augmented
from model.training.batches import STEADY, Batch, Texts
from model.training.frozen import FrozenEncoder
from model.training.hyperparameters import Hyperparameters
from model.training.loss import Described, pivot_loss, relational_loss

RELATED = 0.6  # a similarity of sentence vectors
WARM_UP = 50  # steps over which the rates rise


class Trainer:
    """The towers, their optimizer, and the running average of the weights.

    The image network's lower blocks stay as they are, and so does a network whose rate is 0; everything else
    learns. The batch norms keep the statistics that they were published with.
    """

    def __init__(self, model: Pivot, settings: Hyperparameters, steps: int) -> None:
        self.model, self.settings = model.eval(), settings
        model.image.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # twice as fast
        upper = [*model.image.network.blocks[settings.frozen_blocks :].parameters()]
        upper += model.image.network.head.parameters()
        heads = [
            p
            for part in (model.image, model.text)
            for p in [*part.norm.parameters(), *part.head.parameters()]
        ]
        groups = [
            {"params": heads, "lr": settings.head_rate},
            {"params": upper, "lr": settings.image_rate},
            {"params": [*model.text.encoder.parameters()], "lr": settings.encoder_rate},
        ]
        self._frozen_encoder = None if settings.encoder_rate else FrozenEncoder(model.text.encoder)
        ngrams = model.text.ngrams
        if ngrams is not None:
            groups.append({"params": [*ngrams.head.parameters()], "lr": settings.head_rate})
        self.optimizers: list[Optimizer] = [AdamW(groups, weight_decay=settings.weight_decay)]
        if ngrams is not None and settings.ngram_rate:  # which SparseAdam wants above 0
            self.optimizers.append(SparseAdam([*ngrams.table.parameters()], lr=settings.ngram_rate))
        learning = {
            id(p)
            for optimizer in self.optimizers
            for group in optimizer.param_groups
            if group["lr"]
            for p in group["params"]
        }
        self._learning = [(name, p) for name, p in model.named_parameters() if id(p) in learning]
        self.schedules = [LambdaLR(each, lambda step: _rate(step, steps)) for each in self.optimizers]
        self.average = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def step(self, activations: Tensor, batch: Batch) -> float:
        """One update; returns the loss.

        `activations` has a row for each photo of the batch: `(n, channels, h, w)`, or where the image network
        does not learn, `pooled`, `(n, 2, 1280)`.
        """
        settings = self.settings
        images = self._images(activations)
        texts, sentences = zip(*(self._described(language) for language in batch.texts), strict=True)
        loss = pivot_loss(
            images, texts, scoring=settings.scoring, margin=settings.margin, temperature=settings.temperature
        )
        if settings.relational:
            # Of the first two languages: in one that the encoder does not know, likeness is noise. Most pairs
            # have nothing in common and would be all that counts, were it not for a limit drawn anew.
            rows, known = (torch.cat(parts[:STEADY]) for parts in ([text.rows for text in texts], sentences))
            least = RELATED * float(torch.rand(()))
            loss = loss + settings.relational * relational_loss(rows, known.detach(), least)
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in self.optimizers:
            optimizer.step()
        for schedule in self.schedules:
            schedule.step()
        self._update_average()
        return loss.item()

    def averaged(self) -> Pivot:
        """A copy of the model with the averaged weights."""
        copy = Pivot(self.model.architecture)
        copy.load_state_dict(self.average)
        return copy.eval()

    def save(self, file: Path, epochs: int) -> None:
        """All that the next epoch depends on, written aside first."""
        state = {
            "epochs": epochs,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "schedules": [schedule.state_dict() for schedule in self.schedules],
        }
        torch.save(state, file.with_suffix(".new"))
        file.with_suffix(".new").replace(file)

    def resume(self, file: Path) -> int:
        """Take up a saved state; how many epochs are done."""
        state = torch.load(file, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        for schedule, saved in zip(self.schedules, state["schedules"], strict=True):
            schedule.load_state_dict(saved)
        return int(state["epochs"])

    def _images(self, activations: Tensor) -> Tensor:
        tower, settings = self.model.image, self.settings
        if settings.image_rate:
            rows = augmented(activations).contiguous(memory_format=torch.channels_last)
            features = tower.network.pool(tower.network.upper(rows, settings.frozen_blocks))
        else:
            view = torch.randint(0, activations.shape[1], (len(activations),))
            features = activations[torch.arange(len(activations)), view]
        return tower.embed(F.dropout(features, settings.image_dropout))

    def _described(self, texts: Texts) -> tuple[Described, Tensor]:
        """Captions of one language, and their sentence vectors."""
        ids, mask, hashes, starts = network_input(texts.readings)
        tower, settings = self.model.text, self.settings
        if self._frozen_encoder is None:
            sentences = tower.encoder(ids, mask)
        else:
            sentences = self._frozen_encoder.sentences(texts.readings, ids, mask)
        rows = tower.gist(F.dropout(sentences, settings.dropout))
        if tower.ngrams is not None:
            wordless = torch.rand(len(rows), 1) < settings.wordless
            gistless = (torch.rand(len(rows), 1) < settings.gistless) & ~wordless
            rows = (
                rows * ~gistless + tower.ngrams(*some_of(hashes, starts, settings.ngram_dropout)) * ~wordless
            )
        owners, wordings = torch.tensor(texts.owners), torch.tensor(texts.wordings)
        return Described(non_negative_unit(rows), owners, wordings), sentences

    @torch.no_grad()
    def _update_average(self) -> None:
        step = self.schedules[0].last_epoch
        # At first there is no past worth keeping.
        past = min(self.settings.averaging, (1 + step) / (10 + step))
        for name, parameter in self._learning:
            self.average[name].lerp_(parameter, 1 - past)


def some_of(hashes: Tensor, starts: Tensor, dropout: float) -> tuple[Tensor, Tensor]:
    """The hashes of n texts and where each begins, with this share of the hashes left out."""
    kept = torch.rand(len(hashes)) >= dropout
    before = torch.cat([torch.zeros(1, dtype=torch.int64), kept.cumsum(0)])
    return hashes[kept], before[starts]


def _rate(step: int, steps: int) -> float:
    """Up in a line, down along half a cosine."""
    warm = min(WARM_UP, max(1, steps // 10))
    return min(1.0, (step + 1) / warm) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
