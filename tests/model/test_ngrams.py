from __future__ import annotations

from zlib import crc32

import torch

from model.ngrams import Ngrams, ngrams
from model.text import Tokenizer, network_input


def test_features_by_hand() -> None:
    features = ["u17", "p1.17", "p17.2", "c_rad", "crad_"]

    assert ngrams("Rad", [1, 17, 2]) == [crc32(feature.encode()) for feature in features]


def test_a_word_shorter_than_the_window_is_a_feature_of_its_own() -> None:
    assert ngrams("a", [1, 2]) == [crc32(feature.encode()) for feature in ["p1.2", "c_a_"]]


def test_case_changes_nothing() -> None:
    tokenizer = Tokenizer()

    assert tokenizer.read("EIN ROTER HUND").ngrams == tokenizer.read("ein roter Hund").ngrams


def test_rows_by_hand() -> None:
    layer = Ngrams(buckets=4, width=1, dim=1)
    with torch.no_grad():
        layer.table.weight[:] = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
        layer.head.weight.fill_(1)
    # Hashes 1 and 2 twice as 5 and 6: buckets 1, 2, 1, 2 add up to 10, over the root of 4.
    layer.learn([[1, 2, 5, 6, 3]], often=1)
    hashes, starts = torch.tensor([1, 2, 5, 6, 3]), torch.tensor([0, 4, 5])

    torch.testing.assert_close(layer(hashes, starts), torch.tensor([[5.0], [4.0], [0.0]]))


def test_unknown_features_add_nothing_and_make_the_known_ones_count_less() -> None:
    layer = Ngrams(buckets=4, width=1, dim=1)
    with torch.no_grad():
        layer.table.weight.fill_(1)
        layer.head.weight.fill_(1)
    layer.learn([[1, 2], [1, 2, 3]], often=2)  # 3 was met only once
    # Of 1, 2, 3, 3 a half is known: 2 over the root of 4, times a quarter.
    rows = layer(torch.tensor([1, 2, 3, 3, 3]), torch.tensor([0, 4]))

    torch.testing.assert_close(rows, torch.tensor([[0.25], [0.0]]))


def test_what_was_known_stays_known() -> None:
    layer = Ngrams(buckets=4, width=1, dim=1)
    layer.learn([[11]], often=1)
    layer.learn([[4_000_000_000]], often=1)

    known = layer.knows(torch.tensor([11, 4_000_000_000, 12]))

    assert known.tolist() == [True, True, False]


def test_texts_do_not_reach_each_other() -> None:
    tokenizer = Tokenizer()
    torch.manual_seed(0)
    layer = Ngrams(buckets=64, width=4, dim=3)
    readings = [tokenizer.read(text) for text in ("a dog", "", "zwei Hunde im Schnee")]
    layer.learn([reading.ngrams for reading in readings], often=1)

    def rows(*chosen: int) -> torch.Tensor:
        _, _, hashes, starts = network_input([readings[row] for row in chosen])
        out: torch.Tensor = layer(hashes, starts)
        return out

    torch.testing.assert_close(rows(0, 1, 2), torch.cat([rows(0), rows(1), rows(2)]))
