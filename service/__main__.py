"""The composition root, and the command line: python -m service COMMAND."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from index.errors import GalleryError, StoreInUse
from service.batcher import Overloaded, Stopping
from service.commands.arguments import PROGRAM, evaluation_parser, parser
from service.commands.errors import CheckpointUnusable, CommandError, SettingsInvalid
from service.queries import QueryError

if TYPE_CHECKING:  # torch and FAISS load when they are needed: not for --help, not in decoding processes
    from service.commands.place import Place
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
        return COMMANDS[options.command](options, load)
    except StoreInUse as error:
        if "server" not in options or getattr(options, "repair", False):
            raise
        raise CommandError(f"{error}\n{_through_a_server(given)}") from error


def _serve(options: argparse.Namespace, load: LoadEncoder) -> int:
    from model.language import detect
    from service.app import create_app
    from service.commands.server import Server, address, listen
    from service.logs import set_up

    settings = _settings(host=options.host, port=options.port, store=options.store)
    set_up(settings.log)
    with closing(listen(settings.host, settings.port)) as listener, compose(settings, load) as library:
        # What loads at first use, loads now: the first query should not wait for it.
        library.encoder.embed_texts(["warm up"], [detect("warm up").code])
        page = f"Pivot is at {address(*listener.getsockname()[:2])}"
        app = create_app(library, settings)
        ready = partial(print, page, flush=True)
        Server(app, listener, ready, app.state.context.stopping, settings.grace_seconds).serve_until_stopped()
    return 0


def _upload(options: argparse.Namespace, load: LoadEncoder) -> int:
    from service.commands.adding import add

    with _place(options, load, background=True) as place:
        return add(place.pivot, options.collection, options.paths, print)


def _search(options: argparse.Namespace, load: LoadEncoder) -> int:
    from service.commands.asking import ask
    from service.commands.table import table

    with _place(options, load) as place:
        answer = ask(place.pivot, options)
        narrowed = options.filter is not None or options.min_score is not None
        text = answer.model_dump_json(indent=2) if options.json else table(answer, place, narrowed=narrowed)
    print(text, flush=True)
    return 0


def _collections(options: argparse.Namespace, load: LoadEncoder) -> int:
    from service.commands.collections import delete, list_collections

    with _place(options, load) as place:
        match options.action:
            case "list":
                print(list_collections(place.pivot))
            case "create":
                print(f"{place.pivot.create_collection(options.name).name} is there.")
            case "rename":
                print(
                    f"{options.name} is {place.pivot.rename_collection(options.name, options.new).name} now."
                )
            case "delete":
                print(delete(place.pivot, options.name, with_images=options.with_images))
    return 0


def _jobs(options: argparse.Namespace, load: LoadEncoder) -> int:
    from service.commands import jobs

    with _place(options, load, background=options.action == "follow") as place:
        match options.action:
            case "list":
                print(jobs.list_jobs(place.pivot, options.state, options.collection))
            case "show":
                print(jobs.show(place.pivot, options.id))
            case "cancel":
                print(jobs.outcome(place.pivot.cancel_job(options.id)))
            case "follow":
                job = jobs.follow(place.pivot, options.id)
                print(jobs.outcome(job))
                return 0 if job.state == "succeeded" and not job.failed else 1
    return 0


def _completion(options: argparse.Namespace, _: LoadEncoder) -> int:
    import shtab

    print(shtab.complete(parser("pivot"), shell=options.shell))
    return 0


def _audit(options: argparse.Namespace, load: LoadEncoder) -> int:
    from model.language import detect
    from service.commands.auditing import audit_tables, read_queries

    texts = read_queries(options.queries)
    with compose(_settings(store=options.store), load) as library:
        print(audit_tables(library, options.collection, texts, detect, options.images))
    return 0


def _doctor(options: argparse.Namespace, load: LoadEncoder) -> int:
    from service.commands.checkup import Checkup, RepairElsewhere, told
    from service.decoder import Decoder

    if options.server is not None:
        if options.repair:
            raise RepairElsewhere
        with _place(options, load) as place:
            report = place.pivot.doctor(thorough=options.thorough)
        print(told(report))
        return 0 if report.healthy else 1
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


def _export(options: argparse.Namespace, load: LoadEncoder) -> int:
    from service.commands.copies import export_collection, fetch_collection

    if options.server is not None:
        with _place(options, load) as place:
            print(fetch_collection(place.pivot, options.collection, options.target))
    else:
        print(export_collection(_settings(store=options.store).store, options.collection, options.target))
    return 0


def _import(options: argparse.Namespace, load: LoadEncoder) -> int:
    from service.commands.copies import import_collection, send_collection
    from service.commands.jobs import outcome
    from service.decoder import Decoder

    if options.server is not None:
        with _place(options, load) as place:
            job = send_collection(place.pivot, options.bundle, options.collection)
        print(outcome(job))
        return 0 if job.state == "succeeded" and not job.failed else 1
    settings = _settings(store=options.store)
    with closing(Decoder(settings)) as decoder:
        print(import_collection(options.bundle, settings.store, options.collection, decoder))
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
    "upload": _upload,
    "index": _upload,
    "search": _search,
    "collections": _collections,
    "jobs": _jobs,
    "completion": _completion,
    "backup": _backup,
    "export": _export,
    "import": _import,
    "doctor": _doctor,
    "audit": _audit,
    "keys": _keys,
}


@contextmanager
def _place(options: argparse.Namespace, load: LoadEncoder, *, background: bool = False) -> "Iterator[Place]":
    """Where a command was asked to work. Raises CommandError for what a service or its lack tells."""
    from service.client import PivotError
    from service.commands.place import elsewhere, here

    try:
        if options.server is not None:
            with elsewhere(options.server, options.key) as place:
                yield place
        else:
            settings = _settings(store=options.store)
            with compose(settings, load) as library, here(library, settings, background=background) as place:
                yield place
    except PivotError as error:
        raise CommandError(str(error)) from error


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
