from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from model.efficientnet import HEAD_CHANNELS
from model.hubness import shared
from model.networks import Architecture, Pivot
from model.text import Reading, network_input
from model.training import banks
from model.training.banks import centroids, enough, with_banks

TEXTS = [Reading([1, 5 + number, 2], [number]) for number in range(12)]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Pivot:
    monkeypatch.setattr(banks, "BANK", 3)
    monkeypatch.setattr(banks, "LEAST", 6)
    torch.manual_seed(0)
    return Pivot(Architecture(dim=8, image_size=64, buckets=64)).eval()


def features(photos: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    return np.random.default_rng(photos).random((photos, 2, HEAD_CHANNELS)).astype(np.float16)


def settled(bank: torch.Tensor, rows: torch.Tensor) -> bool:
    """Whether each row of the bank is the direction of the rows that are nearest to it."""
    nearest = (rows @ bank.T).argmax(dim=1)
    sums = torch.stack([rows[nearest == number].sum(dim=0) for number in range(len(bank))])
    return torch.allclose(F.normalize(sums, dim=1), bank, atol=1e-5)


def test_centroids_are_the_directions_of_the_groups() -> None:
    ways = F.normalize(torch.tensor([[1.0, 0, 0, 0.0], [0, 1, 0, 0], [0, 0, 1, 1]]), dim=1)
    rows = F.normalize(ways.repeat(50, 1) + 0.02 * torch.rand(150, 4), dim=1)
    found = centroids(rows, 3)
    assert found.norm(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert sorted((found @ ways.T).argmax(dim=1).tolist()) == [0, 1, 2]
    assert (found @ ways.T).max(dim=1).values.min() > 0.99


def test_centroids_are_the_same_each_time() -> None:
    rows = F.normalize(torch.rand(50, 4), dim=1)
    assert torch.equal(centroids(rows, 5), centroids(rows, 5))


def test_each_tower_gets_a_bank_of_the_other_and_keeps_its_weights(model: Pivot) -> None:
    made = with_banks(model, [features(4), features(5)], TEXTS)
    assert made.architecture.bank == 3
    for name, tensor in model.state_dict().items():
        assert torch.equal(made.state_dict()[name], tensor)
    images = torch.cat([torch.from_numpy(part[:, 0]).float() for part in (features(4), features(5))])
    weights = made.state_dict()
    assert settled(weights["text.hubness.bank"], shared(model.image.embed(images)))
    assert settled(weights["image.hubness.bank"], shared(model.text.embed(*network_input(TEXTS))))


def test_banks_take_the_place_of_older_ones(model: Pivot) -> None:
    made = with_banks(with_banks(model, [features(9)], TEXTS), [features(7)], TEXTS[:8]).state_dict()
    for name, tensor in with_banks(model, [features(7)], TEXTS[:8]).state_dict().items():
        assert torch.equal(made[name], tensor)


@pytest.mark.parametrize(("photos", "texts", "are"), [(6, 6, True), (5, 12, False), (9, 5, False)])
@pytest.mark.usefixtures("model")
def test_of_little_no_banks_can_be_made(photos: int, texts: int, are: bool) -> None:
    assert enough(photos, texts) is are
