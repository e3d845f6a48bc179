"""Teaches the text tower what the published sentence encoder finds alike (see `model.likeness`)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.optim import Adam
from torch.optim.lr_scheduler import CosineAnnealingLR

from model.networks import Pivot
from model.sentence_encoder import SentenceEncoder
from model.text import Reading
from model.training.frozen import vectors
from model.training.loss import relational_loss
from model.training.trainer import RELATED

WIDTH = 126  # with 64, half a point of correlation is lost; images pay for every one
STEPS = 1500
BATCH = 512  # texts; every two of them are a pair
RATE = 2e-3


def learn_likeness(model: Pivot, texts: Sequence[Reading]) -> None:
    """Train `model.text.likeness`, in place; all else stays as it is."""
    likeness = model.text.likeness
    assert likeness is not None
    known = vectors(model.text.encoder, texts)
    wanted = vectors(SentenceEncoder.from_package().eval(), texts)
    optimizer = Adam(likeness.parameters(), lr=RATE)
    schedule = CosineAnnealingLR(optimizer, STEPS)
    chance = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        drawn = torch.randint(len(texts), (BATCH,), generator=chance)
        least = RELATED * float(torch.rand((), generator=chance))
        loss = relational_loss(likeness(known[drawn]), wanted[drawn], least)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
