from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from model.hubness import BETA, GAMMA, H0, IMAGES, TEXTS, Hubness, shared
from model.networks import Architecture, Pivot


def unit(*numbers: float) -> torch.Tensor:
    return F.normalize(torch.tensor([numbers], dtype=torch.float32), dim=1)


def hubness(own: int, *parts: torch.Tensor) -> Hubness:
    bank = torch.cat(parts)
    module = Hubness(len(bank), bank.shape[1], own)
    module.load_state_dict({"bank": bank})
    return module


def test_a_row_is_shortened_as_the_formula_says() -> None:
    # By hand: inner products 1 and 0 with the bank, so h = 1/30 log((e^30 + 1) / 2) = 1 - log(2)/30.
    row = unit(1, 0, 0, 0)
    shortened = hubness(TEXTS, unit(1, 0, 0, 0), unit(0, 1, 0, 0))(row)
    share = math.exp(-GAMMA * (1 - math.log(2) / BETA - H0))
    assert shortened[0].tolist() == pytest.approx([share, 0, 0, math.sqrt(1 - share**2)])


def test_a_row_that_is_near_to_nothing_keeps_its_length() -> None:
    row = unit(0, 1, 0, 0)
    assert hubness(IMAGES, unit(1, 0, 0, 0))(row).tolist() == row.tolist()


def test_the_nearer_a_row_lies_to_the_bank_the_shorter_it_gets_and_rows_stay_unit() -> None:
    rows = torch.cat([unit(1, x, 0.3, 0.2) for x in (3.0, 1.0, 0.5, 0.1)])
    shortened = hubness(IMAGES, unit(1, 0, 0, 0), unit(1, 0.1, 0, 0))(rows)
    lengths = shortened[:, :2].norm(dim=1)
    assert (lengths.diff() < 0).all()
    assert shortened.norm(dim=1).tolist() == pytest.approx([1, 1, 1, 1])
    assert (shortened >= 0).all()


def test_what_one_tower_gives_away_adds_nothing_to_a_score_with_the_other() -> None:
    torch.manual_seed(0)
    rows = F.normalize(torch.rand(8, 16), dim=1)
    images, texts = hubness(IMAGES, rows[:4])(rows), hubness(TEXTS, rows[4:])(rows)
    common = shared(rows)
    lengths = images[:, :-2].norm(dim=1)[:, None] * texts[:, :-2].norm(dim=1)
    assert (lengths < 0.95).any()
    torch.testing.assert_close(images @ texts.T, lengths * (common @ common.T))


def test_a_text_of_its_own_orders_images_by_their_hubness_where_they_fit_alike() -> None:
    text, hub, other = unit(1, 1, 0, 0), unit(1, 0, 0, 0), unit(0, 1, 0, 0)
    assert text @ hub.T == text @ other.T
    hub, other = hubness(IMAGES, unit(1, 0.2, 0, 0))(torch.cat([hub, other]))
    assert (text @ hub).item() < (text @ other).item() - 0.1


@torch.inference_mode()
def test_towers_with_a_bank_shorten_and_towers_without_one_do_not() -> None:
    torch.manual_seed(0)
    pixels, texts = torch.rand(2, 3, 64, 64), (torch.tensor([[1, 5, 2]]), torch.ones(1, 3, dtype=torch.bool))
    words = (torch.tensor([3]), torch.tensor([0]))
    with_bank = Pivot(Architecture(dim=8, image_size=64, buckets=64, bank=2)).eval()
    banks = {f"{tower}.hubness.bank": shared(torch.rand(2, 8)) for tower in ("image", "text")}
    with_bank.load_state_dict({**with_bank.state_dict(), **banks})
    plain = Pivot(Architecture(dim=8, image_size=64, buckets=64)).eval()
    plain.load_state_dict(with_bank.state_dict(), strict=False)
    images, rows = plain.image(pixels), plain.text(*texts, *words)
    torch.testing.assert_close(with_bank.image(pixels), with_bank.image.hubness(images))
    torch.testing.assert_close(with_bank.text(*texts, *words), with_bank.text.hubness(rows))
    assert not torch.allclose(with_bank.image(pixels), images)
    assert with_bank.image(pixels)[:, TEXTS].tolist() == [0, 0]
    assert with_bank.text(*texts, *words)[:, IMAGES].tolist() == [0]
