"""Teaches the text tower how alike texts are (see `model.likeness`).

Two things are wanted of it: that sentences are as alike as the published encoder finds them, which agrees
with people, and that captions of one photo are alike, in whatever languages they are. The second makes up for
what the encoder does not know, Czech for example, with the photo as the pivot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

import torch
from torch import Tensor
from torch.optim import Adam
from torch.optim.lr_scheduler import CosineAnnealingLR

from model.networks import Pivot, joined
from model.sentence_encoder import SentenceEncoder
from model.text import network_input
from model.training.batches import STEADY, Batches, Texts
from model.training.frozen import FrozenEncoder
from model.training.loss import Described, parallel_loss, relational_loss
from model.training.trainer import RELATED

WIDTH = 126  # with 64, half a point of correlation is lost; images pay for every one
EPOCHS = 4  # whose captions are read, once
STEPS = 1500
RATE = 2e-3
TOGETHER = 1.0  # the weight of captions of one photo
TEMPERATURE = 0.05


@dataclass(frozen=True)
class Known:
    """Captions of one language, and what the towers that do not learn make of them."""

    texts: Texts
    sentences: Tensor  # (m, 512)
    shared: Tensor  # (m, shared)
    wanted: Tensor  # (m, 512): the published encoder's


def learn_likeness(model: Pivot, batches: Batches) -> None:
    """Train `model.text.likeness`, in place; all else stays as it is."""
    likeness = model.text.likeness
    assert likeness is not None
    steps = list(_known(model, batches))
    optimizer = Adam(likeness.parameters(), lr=RATE)
    schedule = CosineAnnealingLR(optimizer, STEPS)
    chance = torch.Generator().manual_seed(0)
    for languages in islice(cycle(steps), STEPS):
        read = [likeness(one.sentences, one.shared) for one in languages]
        least = RELATED * float(torch.rand((), generator=chance))
        wanted = torch.cat([one.wanted for one in languages[:STEADY]])
        loss = relational_loss(torch.cat(read[:STEADY]), wanted, least)
        loss = loss + TOGETHER * _apart(languages, read)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()


def _apart(languages: list[Known], read: list[Tensor]) -> Tensor:
    """How much captions of other photos are taken for captions of the same, over all pairs of languages."""
    described = [
        Described(joined(one.shared, rows), torch.tensor(one.texts.owners), torch.tensor(one.texts.wordings))
        for one, rows in zip(languages, read, strict=True)
    ]
    losses = [
        parallel_loss(first, second, scoring="symmetric", margin=0.0, temperature=TEMPERATURE)
        for row, first in enumerate(described)
        for second in described[row + 1 :]
    ]
    return torch.stack(losses).mean() if losses else torch.zeros(())


@torch.no_grad()
def _known(model: Pivot, batches: Batches) -> Iterator[list[Known]]:
    ours, published = FrozenEncoder(model.text.encoder), FrozenEncoder(SentenceEncoder.from_package().eval())
    for epoch in range(EPOCHS):
        for batch in batches.epoch(epoch):
            yield [_read(model, ours, published, texts) for texts in batch.texts]


def _read(model: Pivot, ours: FrozenEncoder, published: FrozenEncoder, texts: Texts) -> Known:
    ids, mask, hashes, starts = network_input(texts.readings)
    sentences = ours.sentences(texts.readings, ids, mask)
    wanted = published.sentences(texts.readings, ids, mask)
    return Known(texts, sentences, model.text.embed(sentences, hashes, starts), wanted)
