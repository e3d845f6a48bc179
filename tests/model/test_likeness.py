from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from model.likeness import QUIET, SHARE, Likeness, as_query, balanced
from model.networks import Architecture, Pivot
from model.similarity import asymmetric
from tests.model.test_hubness import PIXELS, TEXTS

PLAIN = Architecture(dim=10, image_size=64, buckets=64, bank=2)


@pytest.fixture
def towers() -> tuple[Pivot, Pivot]:
    """Without likeness, and with."""
    torch.manual_seed(0)
    wider = Pivot(replace(PLAIN, dim=42, likeness=32)).eval()
    for bank in (wider.image.get_buffer("hubness.bank"), wider.text.get_buffer("hubness.bank")):
        bank.copy_(F.normalize(torch.rand(2, 8), dim=1))
    plain = Pivot(PLAIN).eval()
    plain.load_state_dict(wider.state_dict(), strict=False)
    return plain, wider


def test_positive_and_negative_numbers_get_one_length() -> None:
    rows = balanced(torch.tensor([[3.0, 4, -2], [-1, 0, 1]]))
    expected = torch.tensor([[3.0, 4, -5], [-5, 0, 5]]) / 50**0.5
    torch.testing.assert_close(rows, expected)


@torch.inference_mode()
def test_rows_are_unit_and_images_have_none(towers: tuple[Pivot, Pivot]) -> None:
    images, texts = towers[1].image(PIXELS), towers[1].text(*TEXTS)
    torch.testing.assert_close(torch.cat([images, texts]).norm(dim=1), torch.ones(4))
    assert not images[:, 10:].any()
    torch.testing.assert_close(texts[:, 10:].norm(dim=1), torch.full((2,), SHARE**0.5))


@torch.inference_mode()
def test_both_scores_of_images_and_texts_keep_their_order(towers: tuple[Pivot, Pivot]) -> None:
    plain, wider = towers
    before = plain.image(PIXELS), plain.text(*TEXTS)
    after = wider.image(PIXELS), wider.text(*TEXTS)
    torch.testing.assert_close(after[0] @ after[1].T, (1 - SHARE) * before[0] @ before[1].T)
    # The penalty of the likeness, half of whose length is positive, is the same for all texts.
    penalty = -SHARE / 2
    torch.testing.assert_close(asymmetric(*after), (1 - SHARE) * asymmetric(*before) + penalty)


@torch.inference_mode()
def test_two_texts_are_as_alike_as_what_they_find_and_how_they_read(towers: tuple[Pivot, Pivot]) -> None:
    plain, wider = towers
    assert isinstance(wider.text.likeness, Likeness)
    found, read = plain.text(*TEXTS), wider.text.likeness(wider.text.encoder(*TEXTS[:2]))
    rows = wider.text(*TEXTS)
    torch.testing.assert_close(rows @ rows.T, (1 - SHARE) * found @ found.T + SHARE * read @ read.T)


@torch.inference_mode()
def test_a_query_scores_images_as_its_text_does_and_hears_less_of_how_captions_read(
    towers: tuple[Pivot, Pivot],
) -> None:
    wider = towers[1]
    images, texts = wider.image(PIXELS), wider.text(*TEXTS)
    queries = torch.from_numpy(np.stack([as_query(row, 32) for row in texts.numpy()]))
    torch.testing.assert_close(queries.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(images @ queries.T, images @ texts.T)
    constant = asymmetric(images, texts) - asymmetric(images, queries)
    torch.testing.assert_close(constant, constant[:1, :1].expand(2, 2))
    found, read = texts[:, :10] @ texts[:, :10].T, texts[:, 10:] @ texts[:, 10:].T
    torch.testing.assert_close(queries @ texts.T, found + QUIET * read)


@pytest.mark.parametrize("wrong", [replace(PLAIN, likeness=8), Architecture(dim=16, likeness=4)])
def test_an_architecture_that_cannot_be_built_is_refused(wrong: Architecture) -> None:
    with pytest.raises(ValueError, match="likeness needs a bank"):
        Pivot(wrong)
