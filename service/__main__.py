"""The composition root, and the command line: python -m service COMMAND."""

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from index.errors import GalleryError, StoreInUse
from service.batcher import Overloaded, Stopping
from service.commands.arguments import PROGRAM, evaluation_parser, parser
from service.commands.errors import CheckpointUnusable, CommandError, SettingsInvalid
from service.queries import QueryError

if TYPE_CHECKING:  # torch and FAISS load when they are needed: not for --help, not in decoding processes
    from service.commands.client import Client
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
    options = parser().parse_args(given)
    try:
        return COMMANDS[options.command](options, load)
    except StoreInUse as error:
        if "server" not in options:
            raise
        raise CommandError(f"{error}\n{_through_a_server(given)}") from error


def _serve(options: argparse.Namespace, load: LoadEncoder) -> int:
    from model.language import detect
    from service.app import create_app
    from service.commands.server import Server, address, listen

    logging.basicConfig(level=logging.INFO, format="%(levelname)s:     %(message)s")  # as uvicorn's lines
    settings = _settings(host=options.host, port=options.port, store=options.store)
    with closing(listen(settings.host, settings.port)) as listener, compose(settings, load) as library:
        # What loads at first use, loads now: the first query should not wait for it.
        library.encoder.embed_texts(["warm up"], [detect("warm up").code])
        page = f"Pivot is at {address(*listener.getsockname()[:2])}"
        app = create_app(library, settings)
        Server(app, listener, ready=lambda: print(page, flush=True)).serve_until_stopped()
    return 0


def _index(options: argparse.Namespace, load: LoadEncoder) -> int:
    from service.commands.indexing import Indexing

    with _client(options, load) as client:
        client.ensure_collection(options.collection)
        indexing = Indexing(client, options.collection, options.folder)
        try:
            indexing.run()
        except KeyboardInterrupt:
            print("Stopped. What is added is safe; the same command goes on from here.", file=sys.stderr)
            raise
        finally:
            print(indexing.tally)
    return 1 if indexing.tally.failed else 0


def _search(options: argparse.Namespace, load: LoadEncoder) -> int:
    from service.commands.table import table
    from service.search_schemas import Search

    search = Search(
        q=options.query,
        language=options.language,
        k=options.k,
        scoring=options.scoring,
        exact=options.exact,
    )
    with _client(options, load) as client:
        answer = client.search(options.collection, search)
        text = answer.model_dump_json(indent=2) if options.json else table(answer, client.original)
    print(text, flush=True)
    return 0


def _audit(options: argparse.Namespace, load: LoadEncoder) -> int:
    from model.language import detect
    from service.commands.auditing import audit_tables, read_queries

    texts = read_queries(options.queries)
    with compose(_settings(store=options.store), load) as library:
        print(audit_tables(library, options.collection, texts, detect, options.images))
    return 0


def _doctor(options: argparse.Namespace, _: LoadEncoder) -> int:
    from service.commands.checkup import Checkup
    from service.decoder import Decoder

    settings = _settings(store=options.store)
    with closing(Decoder(settings)) as decoder:
        checkup = Checkup(settings.store, decoder, thorough=options.thorough, repair=options.repair)
        checkup.run()
    print(checkup)
    return 0 if checkup.healthy else 1


def _backup(options: argparse.Namespace, _: LoadEncoder) -> int:
    from service.commands.copies import backup

    print(backup(_settings(store=options.store).store, options.target))
    return 0


def _export(options: argparse.Namespace, _: LoadEncoder) -> int:
    from service.commands.copies import export_collection

    print(export_collection(_settings(store=options.store).store, options.collection, options.target))
    return 0


def _import(options: argparse.Namespace, _: LoadEncoder) -> int:
    from service.commands.copies import import_collection
    from service.decoder import Decoder

    settings = _settings(store=options.store)
    with closing(Decoder(settings)) as decoder:
        print(import_collection(options.folder, settings.store, options.collection, decoder))
    return 0


def _keys(options: argparse.Namespace, _: LoadEncoder) -> int:
    from service.commands.keys import manage

    print(manage(_settings(store=options.store).store, options))
    return 0


def _evaluate(given: list[str]) -> int:
    from model.training import evaluate  # the only way from the service to training

    command = evaluation_parser()
    evaluate.arguments(command)
    return evaluate.run(command.parse_args(given))


COMMANDS: Final = {
    "serve": _serve,
    "index": _index,
    "search": _search,
    "backup": _backup,
    "export": _export,
    "import": _import,
    "doctor": _doctor,
    "audit": _audit,
    "keys": _keys,
}


@contextmanager
def _client(options: argparse.Namespace, load: LoadEncoder) -> "Iterator[Client]":
    """The service that a command was asked to work with."""
    if options.server is not None:
        from service.commands.remote import RemoteClient

        key = _settings().key
        with RemoteClient(options.server, None if key is None else key.get_secret_value()) as remote:
            yield remote
    else:
        from service.commands.local import LocalClient

        with compose(_settings(store=options.store), load) as library:
            yield LocalClient(library)


def _settings(**options: Any) -> "Settings":
    """The environment's, with the options that were given in front. Raises SettingsInvalid."""
    from pydantic import ValidationError

    from service.settings import Settings

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsInvalid(error, given) from error


def _through_a_server(given: list[str]) -> str:
    """How to give the same command to the service that has the store."""
    from service.commands.server import address

    settings = _settings()
    words = [word for word in given if not word.startswith("--store=")]
    if "--store" in words:
        position = words.index("--store")
        del words[position : position + 2]
    words[1:1] = ["--server", address(settings.host, settings.port)]
    remedy = "If that is a running service, let it do the work, at the address that it printed:"
    return f"{remedy}\n  {PROGRAM} {shlex.join(words)}"


if __name__ == "__main__":
    sys.exit(main())
