"""Public models in miniature, with random weights, in folders as they come from the hub. No download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPModel,
    CLIPProcessor,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipModel,
    SiglipProcessor,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.utils import logging

logging.disable_progress_bar()

SIDE = 32  # pixels
LONGEST = 16  # subwords
WIDTH = 24  # of CLIP's rows
LAYERS = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
CHARACTERS = ["<s>", "</s>", "<unk>", *(chr(code) for code in range(32, 127))]
TEXT = {
    "vocab_size": len(CHARACTERS),
    "max_position_embeddings": LONGEST,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}
VISION = {"image_size": SIDE, "patch_size": 16}


def tiny_clip(folder: Path, seed: int = 0) -> Path:
    """Embeds texts and images, as CLIP does."""
    torch.manual_seed(seed)
    config = CLIPConfig(
        text_config={**LAYERS, **TEXT}, vision_config={**LAYERS, **VISION}, projection_dim=WIDTH
    )
    CLIPModel(config).save_pretrained(folder)
    pixels = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    CLIPProcessor(image_processor=pixels, tokenizer=_characters()).save_pretrained(folder)
    return folder


def tiny_siglip(folder: Path) -> Path:
    """Embeds texts and images, as SigLIP does: texts of one width."""
    torch.manual_seed(0)
    config = SiglipConfig(
        text_config={**LAYERS, **TEXT, "projection_size": 16}, vision_config={**LAYERS, **VISION}
    )
    SiglipModel(config).save_pretrained(folder)
    pixels = SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    SiglipProcessor(image_processor=pixels, tokenizer=_characters()).save_pretrained(folder)
    return folder


def tiny_bert(folder: Path) -> Path:
    """Embeds texts only."""
    torch.manual_seed(0)
    BertModel(BertConfig(**LAYERS, vocab_size=len(CHARACTERS))).save_pretrained(folder)
    _characters().save_pretrained(folder)
    return folder


def _characters() -> Any:
    """A tokenizer to which every character is a word."""
    ids = {character: number for number, character in enumerate(CHARACTERS)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="</s>",
        model_max_length=LONGEST,
    )
