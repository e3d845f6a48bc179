"""The index ranks with its own numpy definition of the scores; the model learns with one in torch."""

import numpy as np
import pytest
import torch

from index.records import Scoring
from index.rerank import SCORES
from model.similarity import score


@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
@pytest.mark.parametrize("kept", [1.0, 0.1])  # dense queries and sparse ones take different paths
def test_index_and_model_score_alike(scoring: Scoring, kept: float) -> None:
    chance = np.random.default_rng(0)
    images = chance.random((300, 64), dtype=np.float32)
    query = chance.random(64, dtype=np.float32) * (chance.random(64) < kept)
    query = query.astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    query /= np.linalg.norm(query)

    ours = SCORES[scoring](images, query)
    theirs = score(torch.from_numpy(images), torch.from_numpy(query)[None], scoring)[:, 0].numpy()

    np.testing.assert_allclose(ours, theirs, atol=1e-6)
