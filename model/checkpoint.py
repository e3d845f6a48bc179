"""A trained pivot model on disk: weights in safetensors, everything else in a readable JSON beside them.

Nothing is ever unpickled. The version names the weights by their content: two models cannot share one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialized
from torch import Tensor

from model.networks import Architecture, Pivot
from model.similarity import Scoring

WEIGHTS, CARD = "pivot.safetensors", "pivot.json"
COMMITTED = Path(__file__).parent / "weights"


class CheckpointError(Exception):
    """A checkpoint that cannot be used; the message says why and what to do."""

    def __init__(self, folder: Path, reason: str, remedy: str) -> None:
        super().__init__(f"{folder}: {reason}. {remedy}")
        self.folder = folder


@dataclass(frozen=True)
class Card:
    """What is known of a checkpoint besides its weights."""

    version: str
    architecture: Architecture
    scoring: Scoring  # the score that ranked best on the development split
    training: dict[str, Any]  # hyper-parameters
    data: dict[str, Any]  # where the training data came from


def save(
    model: Pivot, folder: Path, scoring: Scoring, training: dict[str, Any], data: dict[str, Any]
) -> Card:
    """Write weights and card to `folder`. Matrices are stored as half floats, vectors as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: _stored(tensor) for name, tensor in model.state_dict().items()}
    (folder / WEIGHTS).write_bytes(serialized(tensors))
    card = Card(_version(folder / WEIGHTS), model.architecture, scoring, training, data)
    (folder / CARD).write_text(
        json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return card


def load(folder: Path = COMMITTED) -> tuple[Pivot, Card]:
    """The model, ready for inference, and its card.

    Raises:
        CheckpointError: files are missing, damaged, or do not belong together.
    """
    card = read_card(folder)
    if _version(folder / WEIGHTS) != card.version:
        raise CheckpointError(folder, f"{WEIGHTS} is not what {CARD} describes", "Fetch both files again.")
    try:
        tensors = load_file(folder / WEIGHTS)
    except SafetensorError as error:
        raise CheckpointError(folder, f"{WEIGHTS} is damaged ({error})", "Fetch it again.") from error
    model = Pivot(card.architecture)
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError as error:
        raise CheckpointError(
            folder, f"the weights do not fit: {error}", "Was it made by a newer Pivot?"
        ) from error
    return model.eval(), card


def read_card(folder: Path) -> Card:
    """The card alone.

    Raises:
        CheckpointError: there is none, or it is not one of ours.
    """
    missing = [name for name in (WEIGHTS, CARD) if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(
            folder, f"no {' and no '.join(missing)}", "Name a folder written by model.training.train."
        )
    try:
        raw = json.loads((folder / CARD).read_text(encoding="utf-8"))
        card = Card(**{**raw, "architecture": Architecture(**raw["architecture"])})
    except (ValueError, TypeError, KeyError) as error:
        raise CheckpointError(folder, f"{CARD} is not a card ({error})", "Fetch it again.") from error
    if card.scoring not in get_args(Scoring):
        raise CheckpointError(folder, f"{CARD} asks for the unknown score {card.scoring!r}", "Update Pivot.")
    return card


def _stored(tensor: Tensor) -> Tensor:
    # A batch norm's variances span more than half floats hold; as vectors they cost next to nothing.
    return tensor.to(torch.float16).contiguous() if tensor.dim() > 1 else tensor.contiguous()


def _version(weights: Path) -> str:
    with weights.open("rb") as file:
        return "pivot-" + hashlib.file_digest(file, "sha256").hexdigest()[:12]
