from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from model.efficientnet import HEAD_CHANNELS
from model.networks import Architecture, Pivot
from model.text import Reading, network_input
from model.training.banks import centroids, make_banks

BANKS = ("image.hubness.bank", "text.hubness.bank")
TEXTS = [Reading([1, 5 + number, 2], [number]) for number in range(12)]


@pytest.fixture
def model() -> Pivot:
    torch.manual_seed(0)
    return Pivot(Architecture(dim=10, image_size=64, buckets=64, bank=3)).eval()


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


@torch.inference_mode()
def test_each_tower_gets_a_bank_of_the_other_and_keeps_its_weights(model: Pivot) -> None:
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    make_banks(model, [features(4), features(5)], TEXTS)
    after = model.state_dict()
    assert {name for name in after if not torch.equal(after[name], before[name])} == set(BANKS)
    images = torch.cat([torch.from_numpy(part[:, 0]).float() for part in (features(4), features(5))])
    ids, mask, *words = network_input(TEXTS)
    texts = model.text.embed(model.text.encoder(ids, mask), *words)
    assert settled(after["text.hubness.bank"], model.image.embed(images))
    assert settled(after["image.hubness.bank"], texts)


def test_older_banks_have_no_say(model: Pivot) -> None:
    other = deepcopy(model)
    make_banks(other, [features(9)], TEXTS)
    for one in (model, other):
        make_banks(one, [features(7)], TEXTS[:8])
    for name in BANKS:
        assert torch.equal(model.state_dict()[name], other.state_dict()[name])
