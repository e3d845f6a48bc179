"""Options that several commands have, and how what was typed is read."""

import argparse
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def place(command: argparse.ArgumentParser) -> None:
    """A collection, here or in a running service."""
    collection(command)
    reached(command)


def reached(command: argparse.ArgumentParser) -> None:
    """A data folder, or a running service."""
    one = command.add_mutually_exclusive_group()
    store(one)
    one.add_argument(
        "--server",
        type=address,
        metavar="URL",
        help="let a running service do the work, such as http://127.0.0.1:8000",
    )
    command.add_argument(
        "--key",
        type=text,
        default=os.environ.get("PIVOT_KEY") or None,
        help="for a service that asks for one (default: PIVOT_KEY, which others cannot see)",
    )


def document(command: argparse.ArgumentParser) -> None:
    """What programs would rather read."""
    command.add_argument("--json", action="store_true", help="print the document that the HTTP API answers")


def collection(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--collection", type=text, default="default", metavar="NAME", help="(default: default)"
    )


def store(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--store",
        type=Path,
        metavar="FOLDER",
        help="folder of the database and the images (default: PIVOT_STORE, else ./store)",
    )


def text(argument: str) -> str:
    """What was typed as text that can be stored and sent: bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(argument).decode(errors="replace")


def readable(argument: str) -> Path:
    """A path of what can be read; so that a slip is known before a model loads."""
    path = Path(argument)
    try:
        if path.is_dir():
            with os.scandir(path):
                return path
        path.open("rb").close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot read {argument!r}: {error.strerror}") from error
    return path


def condition(argument: str) -> dict[str, Any]:
    """A filter, which is a JSON object."""
    try:
        filter = json.loads(argument)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text(argument)!r} is no JSON: {error}") from error
    if not isinstance(filter, dict):
        raise argparse.ArgumentTypeError(f"{text(argument)!r} is no JSON object")
    return filter


def address(argument: str) -> str:
    """Of a service, without the slash at its end."""
    try:
        parts = urlsplit(argument)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(
            f"{text(argument)!r} is no address of a service; give one such as http://127.0.0.1:8000"
        )
    return argument.rstrip("/")
