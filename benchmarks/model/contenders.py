"""What is measured: our model, and what one would pick instead. Each is loaded in a process of its own.

The others have random weights, which cost what trained ones cost. Their tokenizers cannot be had without a
network: they get random ids, as many as our tokenizer makes of the query, and tokenizing costs them nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Query = Callable[[str], object]
Photo = Callable[[bytes], object]

MAX_PIXELS = 64_000_000  # the service's limit


@dataclass(frozen=True)
class Contender:
    """What it does with a query and with the bytes of a JPEG, from start to vector; None: it cannot."""

    query: Query | None
    photo: Photo | None
    weight_bytes: int  # in memory


def pivot() -> Contender:
    """As the service does it: detect the language, see whether the model reads the text, embed."""
    from model.encoder import Encoder
    from model.language import detect
    from service.images import decode

    encoder = Encoder.load()

    def query(text: str) -> object:
        language = detect(text)
        assert encoder.reads(text)
        return encoder.embed_texts([text], [language.code])

    def photo(data: bytes) -> object:
        return encoder.embed_images([decode(data, MAX_PIXELS).image()])

    return Contender(query, photo, _bytes(encoder._model))


def clip_image() -> Contender:
    """CLIP's ViT-B/32 with its projection; decoding is the service's, as for ours."""
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    from model.image import network_input
    from service.images import decode

    model = CLIPVisionModelWithProjection(CLIPVisionConfig()).eval()  # the defaults are ViT-B/32

    @torch.inference_mode()
    def photo(data: bytes) -> object:
        pixels = network_input([decode(data, MAX_PIXELS).image()], model.config.image_size)
        return model(pixels).image_embeds.numpy()

    return Contender(None, photo, _bytes(model))


def clip_text() -> Contender:
    """The text tower of CLIP ViT-B/32 with its projection."""
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    config = CLIPTextConfig()
    model = CLIPTextModelWithProjection(config).eval()
    return _reader(model, lambda out: out.text_embeds, config.vocab_size, config.max_position_embeddings)


def xlm_roberta() -> Contender:
    """XLM-RoBERTa-base; the mean over the tokens is the vector, as in multilingual CLIP."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    config = XLMRobertaConfig(vocab_size=250_002, max_position_embeddings=514, type_vocab_size=1)
    model = XLMRobertaModel(config, add_pooling_layer=False).eval()
    return _reader(model, lambda out: out.last_hidden_state.mean(dim=1), config.vocab_size, 512)


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "Pivot": pivot,
    "CLIP ViT-B/32, images": clip_image,
    "CLIP, texts": clip_text,
    "XLM-RoBERTa-base, texts": xlm_roberta,
}


def _reader(model: Any, vector: Callable[[Any], Any], vocabulary: int, longest: int) -> Contender:
    import torch

    from benchmarks.model.queries import LENGTHS

    chance = torch.Generator().manual_seed(0)
    sequences = {
        text: torch.randint(3, vocabulary, (1, min(length, longest)), generator=chance)
        for text, length in LENGTHS.items()
    }

    @torch.inference_mode()
    def query(text: str) -> object:
        return vector(model(input_ids=sequences[text])).numpy()

    return Contender(query, None, _bytes(model))


def _bytes(model: Any) -> int:
    """Of parameters and buffers, which hold the weights that do not learn."""
    return sum(tensor.nbytes for tensor in model.state_dict().values())
