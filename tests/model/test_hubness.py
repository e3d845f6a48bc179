from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from model.hubness import BETA, GAMMA, H0, Hubness
from model.networks import Architecture, Pivot


def unit(*numbers: float) -> torch.Tensor:
    return F.normalize(torch.tensor([numbers], dtype=torch.float32), dim=1)


def hubness(*parts: torch.Tensor) -> Hubness:
    bank = torch.cat(parts)
    module = Hubness(*bank.shape)
    module.load_state_dict({"bank": bank})
    return module


def test_a_row_is_shortened_as_the_formula_says() -> None:
    # By hand: inner products 1 and 0 with the bank, so h = 1/30 log((e^30 + 1) / 2) = 1 - log(2)/30.
    length = hubness(unit(1, 0), unit(0, 1))(unit(1, 0))
    assert length.item() == pytest.approx(math.exp(-GAMMA * (1 - math.log(2) / BETA - H0)))


def test_a_row_that_is_near_to_nothing_keeps_its_length() -> None:
    assert hubness(unit(1, 0))(unit(0, 1)).tolist() == [[1]]
    assert Hubness(3, 2)(unit(1, 1)).tolist() == [[1]]  # a bank that nothing was loaded into


def test_the_nearer_a_row_lies_to_the_bank_the_shorter_it_gets() -> None:
    rows = torch.cat([unit(1, x) for x in (3.0, 1.0, 0.5, 0.1)])
    lengths = hubness(unit(1, 0), unit(1, 0.1))(rows)
    assert (lengths[:, 0].diff() < 0).all()


PIXELS = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
TEXTS = (
    torch.tensor([[1, 5, 2], [1, 7, 2]]),
    torch.ones(2, 3, dtype=torch.bool),
    torch.tensor([3, 4]),
    torch.tensor([0, 1]),
)


@torch.inference_mode()
def test_towers_with_a_bank_shorten_and_towers_without_one_do_not() -> None:
    torch.manual_seed(0)
    cured = Pivot(Architecture(dim=10, image_size=64, buckets=64, bank=2)).eval()
    for bank in (cured.image.get_buffer("hubness.bank"), cured.text.get_buffer("hubness.bank")):
        bank.copy_(F.normalize(torch.rand(2, 8), dim=1))
    plain = Pivot(Architecture(dim=8, image_size=64, buckets=64)).eval()
    plain.load_state_dict(cured.state_dict(), strict=False)
    images, texts = cured.image(PIXELS), cured.text(*TEXTS)
    lengths = images[:, :8].norm(dim=1)[:, None] * texts[:, :8].norm(dim=1)
    assert (lengths < 0.95).all()
    torch.testing.assert_close(images @ texts.T, lengths * (plain.image(PIXELS) @ plain.text(*TEXTS).T))
    for rows in (images, texts):
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(2))
        assert (rows >= 0).all()
    assert images[:, 9].tolist() == texts[:, 8].tolist() == [0, 0]
