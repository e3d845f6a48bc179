"""The composition root, and the command line: python -m service COMMAND."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from index.errors import GalleryError, StoreInUse
from service.batcher import Overloaded, Stopping
from service.commands.arguments import PROGRAM, evaluation_parser, parser
from service.commands.errors import CheckpointUnusable, CommandError
from service.commands.running import COMMANDS, settings_from
from service.queries import QueryError

if TYPE_CHECKING:  # torch and FAISS load when they are needed: not for --help, not in decoding processes
    from service.embedder import Encoder
    from service.library import Library
    from service.settings import Settings

LoadEncoder = Callable[["Settings"], "Encoder"]

EXPECTED: Final = (CommandError, GalleryError, QueryError, Overloaded, Stopping)


def trained_encoder(settings: "Settings") -> "Encoder":
    """The model of the settings' checkpoint. Raises CheckpointUnusable."""
    from model.checkpoint import CheckpointError
    from model.load import load

    try:
        return load(settings.checkpoint, settings.threads, settings.trust_remote_code)
    except CheckpointError as error:
        raise CheckpointUnusable(str(error)) from error


def compose(settings: "Settings", load: LoadEncoder) -> "Library":
    """Settings -> encoders -> gallery -> library."""
    from index.gallery import Gallery
    from model.language import detect
    from service.decoder import Decoder
    from service.library import Library
    from service.succession import succession

    models = succession(settings, load)
    serving = models.serving
    gallery = Gallery.open(
        settings.store, dim=serving.dim, model_version=serving.version, checkpoint=models.checkpoint
    )
    return Library(serving, gallery, Decoder(settings), detect, settings, models.coming)


def main(argv: Sequence[str] | None = None, load: LoadEncoder = trained_encoder) -> int:
    """Run one command; the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(given, load)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except EXPECTED as error:
        print(error, file=sys.stderr)
        return 1


def _run(given: list[str], load: LoadEncoder) -> int:
    if given[:1] == ["evaluate"]:
        return _evaluate(given[1:])
    command = parser()
    options = command.parse_args(given)
    if options.command == "search" and options.query is None and not options.like:
        command.error("search needs a QUERY, an image with --like, or both")
    try:
        return COMMANDS[options.command](options, partial(compose, load=load))
    except StoreInUse as error:
        if "server" not in options or getattr(options, "repair", False):
            raise
        raise CommandError(f"{error}\n{_through_a_server(given, options)}") from error


def _evaluate(given: list[str]) -> int:
    from model.training import evaluate  # the only way from the service to training

    command = evaluation_parser()
    evaluate.arguments(command)
    return evaluate.run(command.parse_args(given))


def _through_a_server(given: list[str], options: argparse.Namespace) -> str:
    """How to give the same command to the service that has the store."""
    from service.commands.server import address

    settings = settings_from()
    words = [word for word in given if not word.startswith("--store=")]
    if "--store" in words:
        position = words.index("--store")
        del words[position : position + 2]
    place = 2 if "action" in options else 1  # behind the names, and before a `--`
    words[place:place] = ["--server", address(settings.host, settings.port)]
    remedy = "If that is a running service, let it do the work, at the address that it printed:"
    return f"{remedy}\n  {PROGRAM} {shlex.join(words)}"


if __name__ == "__main__":
    sys.exit(main())
