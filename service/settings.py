"""Everything that an operator may set, as one frozen object read from the environment."""

import os
from pathlib import Path
from typing import Final

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.logs import Form

MIB: Final = 1024 * 1024


def _decode_workers() -> int:
    return min(os.cpu_count() or 1, 4)


class Settings(BaseSettings):
    """Environment variables are these names in capitals after `PIVOT_`, for example `PIVOT_MAX_K=100`."""

    model_config = SettingsConfigDict(env_prefix="PIVOT_", frozen=True)

    store: Path = Field(default=Path("store"), description="folder of the database and the images")
    host: str = "127.0.0.1"
    hosts: str = Field(
        default="",
        description="names, separated by commas, under which the service is reached besides IP addresses and"
        " localhost, such as that of a proxy; * allows any",
    )
    port: int = Field(default=8000, ge=0, le=65535)
    checkpoint: str | None = Field(
        default=None,
        description="folder of a checkpoint or a pivot head, or hub:NAME for a public model; without it, the"
        " model that ships",
    )
    trust_remote_code: bool = Field(
        default=False,
        description="let a public model bring Python code of its own, which may do whatever the service may",
    )
    log: Form = Field(default="text", description="how the log is written")
    threads: PositiveInt | None = Field(
        default=None, description="threads of the towers; without it, torch decides"
    )

    max_upload_mb: PositiveInt = Field(default=1024, description="MiB of one request")
    max_image_mb: PositiveInt = Field(default=64, description="MiB of one image file")
    max_pixels: PositiveInt = Field(default=64_000_000, description="pixels of one image")
    max_files: PositiveInt = Field(default=1000, description="files in one request")
    max_query_chars: PositiveInt = Field(default=1000, description="characters of a text query")
    max_k: PositiveInt = Field(default=1000, description="results of one search")

    rate: PositiveInt | None = Field(
        default=None, description="requests a minute of each key that has no limit of its own"
    )
    folder_roots: str = Field(
        default="",
        description="folders of this machine, separated by colons, that may be imported, and all below",
    )
    max_archive_mb: PositiveInt = Field(default=16384, description="MiB of one archive that is imported")
    max_jobs: PositiveInt = Field(default=32, description="imports that may wait before new ones get 503")
    fetch_urls: bool = Field(default=False, description="fetch images by URLs from public servers")

    reembed_share: float = Field(
        default=0.5, gt=0, le=1, description="share of the time for which re-embedding may be at work"
    )

    audit_hours: float = Field(
        default=24,
        ge=0,
        description="time between two measurements of what searches miss, told by /metrics; 0 is never",
    )
    grace_seconds: PositiveFloat = Field(
        default=8,  # Docker waits 10 before it kills
        description="time for requests under way when the service is told to stop",
    )
    hang_seconds: PositiveFloat = Field(
        default=300, description="time for one batch of the model, after which /livez calls the service dead"
    )
    queue: PositiveInt = Field(
        default=256, description="requests, or images, that may wait before new ones get 503"
    )
    wait_seconds: PositiveFloat = Field(
        default=20,
        description="time that a search may wait for a thread, the decoder or the model before it gets 503",
    )
    decode_seconds: PositiveFloat = Field(default=10, description="time for decoding one image")
    decode_memory_mb: int = Field(
        default=1280,  # what a WebP of max_pixels takes, the hungriest format by far
        ge=128,
        description="MiB of address space of one decoding process",
    )
    decode_workers: PositiveInt = Field(default_factory=_decode_workers, description="decoding processes")

    @property
    def host_names(self) -> frozenset[str]:
        """Those of `hosts`, in small letters."""
        return frozenset(name.strip().lower() for name in self.hosts.split(",")) - {""}

    @property
    def folders(self) -> tuple[Path, ...]:
        """Those of `folder_roots`."""
        return tuple(Path(root) for root in self.folder_roots.split(os.pathsep) if root.strip())

    @property
    def max_archive_bytes(self) -> int:
        return self.max_archive_mb * MIB

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * MIB

    @property
    def max_image_bytes(self) -> int:
        return self.max_image_mb * MIB
