from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from benchmarks.paper.gru import Gru, packed

SENTENCES = [[3, 1], [4, 5, 3, 3, 2], [6], [1, 2, 3, 4]]


def test_the_worked_example_of_packing() -> None:
    words, sizes = packed([[1, 2, 3], [4, 5], [6]])

    assert words.tolist() == [1, 4, 6, 2, 5, 3]
    assert sizes == [3, 2, 1]


def reference(gru: Gru) -> Tensor:
    """What torch.nn.GRU makes of SENTENCES with the same weights."""
    word, dim = gru.inputs.in_features, gru.states.in_features
    theirs = nn.GRU(word, dim, batch_first=True)
    theirs.weight_ih_l0, theirs.bias_ih_l0 = gru.inputs.weight, gru.inputs.bias
    theirs.weight_hh_l0, theirs.bias_hh_l0 = gru.states.weight, gru.states.bias
    lengths = [len(sentence) for sentence in SENTENCES]
    ids = torch.tensor([sentence + [0] * (max(lengths) - len(sentence)) for sentence in SENTENCES])
    _, last = theirs(
        pack_padded_sequence(gru.table(ids), torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    )
    states: Tensor = last[0]
    return states


def made(precision: torch.dtype) -> Gru:
    torch.manual_seed(0)
    gru = Gru(vocabulary=7, word=5, dim=8, precision=precision)
    for parameter in gru.parameters():
        nn.init.normal_(parameter, std=0.5)  # biases, too, and gates far from their middle
    return gru


@pytest.mark.parametrize(("precision", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_states_and_gradients_are_those_of_torch(precision: torch.dtype, tolerance: float) -> None:
    gru = made(precision)
    weights = torch.randn(len(SENTENCES), 8)

    expected = reference(gru)
    expected_gradients = torch.autograd.grad((expected * weights).sum(), list(gru.parameters()))
    result = gru(SENTENCES)
    gradients = torch.autograd.grad((result * weights).sum(), list(gru.parameters()))

    torch.testing.assert_close(result, expected, atol=tolerance, rtol=tolerance)
    for ours, theirs in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=tolerance)


def test_a_sentence_does_not_depend_on_its_neighbours() -> None:
    gru = made(torch.float32)

    alone = torch.cat([gru([sentence]) for sentence in SENTENCES])

    torch.testing.assert_close(gru(SENTENCES), alone, atol=1e-6, rtol=1e-5)
