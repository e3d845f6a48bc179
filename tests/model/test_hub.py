"""A public model as the service uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modality import infer_modality

from model import hub_head
from model.checkpoint import CheckpointError
from model.encoder import Encoder
from model.hub import HubEncoder, Rows, as_words
from model.hub_head import HeadCard, HubHead
from model.load import load
from tests.tiny_hub import LONGEST, SIDE, WIDTH, tiny_bert, tiny_clip, tiny_siglip

TEXTS = ["a dog", "ein Hund", "", "x" * 500, "犬"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def encoder(clip: Path) -> HubEncoder:
    return HubEncoder.load(str(clip))


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    noise = np.random.default_rng(0).integers(0, 256, (6, 50, 70, 3), np.uint8)
    return [Image.fromarray(pixels) for pixels in noise]


@pytest.fixture
def head(encoder: HubEncoder, clip: Path, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    card = HeadCard("", str(clip), encoder.version, WIDTH, 8, "asymmetric", {}, {"note": "made up"})
    hub_head.save(HubHead(WIDTH, 8), tmp_path / "head", card)
    return tmp_path / "head"


def assert_unit(rows: Rows, count: int, dim: int) -> None:
    assert rows.shape == (count, dim)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_texts_and_images_become_unit_rows_of_one_space(
    encoder: HubEncoder, photos: list[Image.Image]
) -> None:
    assert (encoder.dim, encoder.scoring) == (WIDTH, "symmetric")
    assert_unit(encoder.embed_texts(TEXTS, ["en"] * len(TEXTS)), len(TEXTS), WIDTH)
    assert_unit(encoder.embed_images(photos), len(photos), WIDTH)
    assert_unit(encoder.embed_texts([]), 0, WIDTH)
    assert_unit(encoder.embed_images([]), 0, WIDTH)
    assert all(encoder.reads(text) for text in TEXTS)


def test_an_item_is_embedded_alike_alone_and_among_others(
    encoder: HubEncoder, photos: list[Image.Image]
) -> None:
    texts = TEXTS * 10  # more than one batch
    np.testing.assert_allclose(
        encoder.embed_texts(texts), np.concatenate([encoder.embed_texts([text]) for text in texts]), atol=1e-5
    )
    np.testing.assert_allclose(encoder.embed_images(photos)[5:], encoder.embed_images(photos[5:]), atol=1e-5)


def test_the_version_is_the_content(encoder: HubEncoder, tmp_path: Path) -> None:
    again, other = tiny_clip(tmp_path / "again"), tiny_clip(tmp_path / "other", seed=1)
    assert HubEncoder.load(str(again)).version == encoder.version
    assert HubEncoder.load(str(other)).version != encoder.version

    settings = json.loads((again / "processor_config.json").read_text())
    settings["image_processor"]["image_mean"] = [0.1, 0.2, 0.3]
    (again / "processor_config.json").write_text(json.dumps(settings))
    assert HubEncoder.load(str(again)).version != encoder.version


def test_siglip_reads_texts_of_the_width_that_it_was_trained_with(tmp_path: Path) -> None:
    encoder = HubEncoder.load(str(tiny_siglip(tmp_path)))
    tokens = encoder._model.tokenizer("a dog", padding="max_length", max_length=LONGEST, return_tensors="pt")
    with torch.inference_mode():
        expected = encoder._model.transformers_model.get_text_features(input_ids=tokens["input_ids"])
    (row,) = torch.nn.functional.normalize(expected.pooler_output).numpy()

    np.testing.assert_allclose(encoder.embed_texts(["a dog"])[0], row, atol=1e-5)
    np.testing.assert_allclose(encoder.embed_texts(["a dog", "a longer text"])[0], row, atol=1e-5)


def test_a_query_that_looks_like_an_address_is_read_and_never_opened(
    encoder: HubEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (SIDE, SIDE), "red").save(tmp_path / "here.png")
    monkeypatch.chdir(tmp_path)
    addresses = [
        "http://127.0.0.1:9/cat.png",
        "https://127.0.0.1:9/a\tcat.png",
        "https://youtu.be/x",
        "http://127.0.0.1:9/cat.mp3",
        "data:image/png;base64,AAAA",
        "here.png",
        str(tmp_path / "here.png"),
    ]
    everything = ["text", "image", "video", "audio", "message"]
    assert all(infer_modality(address, everything) != "text" for address in addresses)
    assert all(infer_modality(as_words(address), everything) == "text" for address in addresses)
    assert_unit(encoder.embed_texts(addresses), len(addresses), WIDTH)
    assert as_words("a dog jumps into water.") == "a dog jumps into water."


def test_a_model_that_embeds_texts_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"embeds no images\. Choose one that embeds both"):
        HubEncoder.load(str(tiny_bert(tmp_path)))


def test_pickled_weights_are_refused(clip: Path, tmp_path: Path) -> None:
    model = SentenceTransformer(str(clip))
    model.save(str(tmp_path), safe_serialization=True)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"pytorch_model.bin is pickled.*saved as such"):
        HubEncoder.load(str(tmp_path))
    (tmp_path / "pytorch_model.bin").unlink()
    with pytest.raises(CheckpointError, match="no safetensors"):
        HubEncoder.load(str(tmp_path))


def test_code_of_the_model_runs_only_where_it_is_trusted(clip: Path, tmp_path: Path) -> None:
    SentenceTransformer(str(clip)).save(str(tmp_path))
    modules = json.loads((tmp_path / "modules.json").read_text())
    modules[0]["type"] = "theirs.Theirs"
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "theirs.py").write_text(
        "from sentence_transformers.base.modules import Transformer\nclass Theirs(Transformer): pass\n"
    )
    with pytest.raises(CheckpointError, match="PIVOT_TRUST_REMOTE_CODE=1 if you trust it"):
        load(f"hub:{tmp_path}")
    trusting = load(f"hub:{tmp_path}", trust_code=True)
    assert_unit(trusting.embed_texts(["a dog"], ["en"]), 1, WIDTH)


def test_a_model_that_cannot_be_had_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for name in ("nobody/nothing", "no/name/at all"):
        with pytest.raises(CheckpointError, match=f"^{name}: neither a folder nor to be had"):
            HubEncoder.load(name)


def test_a_missing_extra_is_told(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(CheckpointError, match=r"pip install 'pivot-image-search\[hub\]'"):
        HubEncoder.load(str(clip))


def test_a_head_leads_into_the_non_negative_space(
    encoder: HubEncoder, head: Path, photos: list[Image.Image]
) -> None:
    with_head = load(str(head))
    assert (with_head.dim, with_head.scoring) == (8, "asymmetric")
    assert with_head.version.startswith(f"{encoder.version}-")
    for rows in (with_head.embed_texts(TEXTS, ["en"] * len(TEXTS)), with_head.embed_images(photos[:5])):
        assert_unit(rows, 5, 8)
        assert (rows >= 0).all()


def test_a_head_fits_no_other_model(head: Path, tmp_path: Path) -> None:
    card = json.loads((head / hub_head.CARD).read_text())
    card["model"] = str(tiny_clip(tmp_path / "other", seed=1))
    (head / hub_head.CARD).write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match="the head was trained on hub-"):
        load(str(head))


def test_a_damaged_head_is_told(head: Path) -> None:
    (head / hub_head.WEIGHTS).write_bytes(b"x")
    with pytest.raises(CheckpointError, match="no pivot head that can be used"):
        load(str(head))


def test_without_a_name_it_is_the_model_that_ships() -> None:
    assert isinstance(load(), Encoder)


def test_what_ships_loads_without_the_extra() -> None:
    program = "import sys, model.load; sys.exit('transformers' in sys.modules or 'model.hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
