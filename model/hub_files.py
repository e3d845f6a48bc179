"""The files of a public model: in a folder, or downloaded once by name. None of them is pickled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from model.checkpoint import CheckpointError

# What a model is made of: weights, settings, vocabularies. Its version is the content of these.
PARTS: Final = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
CODE: Final = "*.py"
PICKLED: Final = ("pytorch_model*.bin", "adapter_model*.bin")  # what would be loaded where safetensors lack

EXTRA_MISSING: Final = "Install it: pip install 'pivot-image-search[hub]'."


def folder_of(name: str, trust_code: bool) -> Path:
    """The folder with the model's files. `name` is it, or a name such as `google/siglip2-base-patch16-224`.

    With a name, what is not in the hub's cache is downloaded; without a network, the cache has to do.
    `*.py` is left out unless `trust_code`.

    Raises:
        CheckpointError: no such model, no network, or its weights are not in safetensors.
    """
    folder = Path(name)
    if not folder.is_dir():
        folder = _downloaded(name, [*PARTS, CODE] if trust_code else list(PARTS))
    _check_weights(folder, name)
    return folder


def version_of(folder: Path, trust_code: bool) -> str:
    """Names the model by its content, so that it changes with every weight and setting. Reads it all."""
    digest = hashlib.sha256()
    for path in sorted(_found(folder, *PARTS, *([CODE] if trust_code else []))):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:12]


def _downloaded(name: str, patterns: list[str]) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError
    except ImportError as error:
        raise CheckpointError(Path(name), "the extra hub is not installed", EXTRA_MISSING) from error
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except (OSError, HFValidationError) as error:  # what the hub's errors have in common
        reason = f"neither a folder nor to be had from the hub ({_first_line(error)})"
        raise CheckpointError(Path(name), reason, "Check the name and the network.") from error


def _check_weights(folder: Path, name: str) -> None:
    pickled = [path for path in _found(folder, *PICKLED) if not any(path.parent.glob("*.safetensors"))]
    if pickled or not any(_found(folder, "*.safetensors")):
        what = f"{pickled[0].relative_to(folder)} is pickled" if pickled else "there are no safetensors"
        raise CheckpointError(
            Path(name),
            f"{what}, and pickled weights can run any program",
            "Choose a model with safetensors; one that you trust can be loaded elsewhere and saved as such:"
            " SentenceTransformer(NAME).save(FOLDER).",
        )


def _found(folder: Path, *patterns: str) -> Iterator[Path]:
    return (path for pattern in patterns for path in folder.rglob(pattern) if path.is_file())


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
