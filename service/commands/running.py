"""What each command does: from its options to its exit code.

What a command needs is imported when it runs, so that the others, and --help, do not wait for it.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from service.commands.arguments import parser
from service.commands.errors import CommandError, SettingsInvalid

if TYPE_CHECKING:
    from service.commands.place import Place
    from service.library import Library
    from service.settings import Settings

Compose = Callable[["Settings"], "Library"]


def _serve(options: argparse.Namespace, compose: Compose) -> int:
    from model.language import detect
    from service.app import create_app
    from service.commands.server import Server, address, listen
    from service.logs import logged

    settings = settings_from(host=options.host, port=options.port, store=options.store)
    with (
        logged(settings.log),
        closing(listen(settings.host, settings.port)) as listener,
        ThreadPoolExecutor(1) as beside,
    ):
        # What loads at first use, loads now: the first query should not wait for it.
        language = beside.submit(detect, "warm up")
        with compose(settings) as library:
            library.encoder.embed_texts(["warm up"], [language.result().code])
            page = f"Pivot is at {address(*listener.getsockname()[:2])}"
            app = create_app(library, settings)
            ready, stopping = partial(print, page, flush=True), app.state.context.stopping
            Server(app, listener, ready, stopping, settings.grace_seconds).serve_until_stopped()
    return 0


def _upload(options: argparse.Namespace, compose: Compose) -> int:
    from service.commands.adding import add

    with _place(options, compose, background=True) as place:
        return add(place.pivot, options.collection, options.paths, print)


def _search(options: argparse.Namespace, compose: Compose) -> int:
    from service.commands.asking import ask
    from service.commands.table import table

    with _place(options, compose) as place:
        answer = ask(place.pivot, options)
        narrowed = options.filter is not None or options.min_score is not None
        text = answer.model_dump_json(indent=2) if options.json else table(answer, place, narrowed=narrowed)
    print(text, flush=True)
    return 0


def _collections(options: argparse.Namespace, compose: Compose) -> int:
    from service.commands.collections import delete, list_collections

    with _place(options, compose) as place:
        match options.action:
            case "list":
                print(list_collections(place.pivot, json=options.json))
            case "create":
                print(f"{place.pivot.create_collection(options.name).name} is there.")
            case "rename":
                print(
                    f"{options.name} is {place.pivot.rename_collection(options.name, options.new).name} now."
                )
            case "delete":
                print(delete(place.pivot, options.name, with_images=options.with_images))
    return 0


def _jobs(options: argparse.Namespace, compose: Compose) -> int:
    from service.commands import jobs

    with _place(options, compose, background=options.action == "follow") as place:
        match options.action:
            case "list":
                print(jobs.list_jobs(place.pivot, options.state, options.collection, json=options.json))
            case "show":
                print(jobs.show(place.pivot, options.id, json=options.json))
            case "cancel":
                print(jobs.outcome(place.pivot.cancel_job(options.id)))
            case "follow":
                job = jobs.follow(place.pivot, options.id)
                print(jobs.outcome(job))
                return 0 if job.state == "succeeded" and not job.failed else 1
    return 0


def _completion(options: argparse.Namespace, _: Compose) -> int:
    import shtab

    print(shtab.complete(parser("pivot"), shell=options.shell))
    return 0


def _audit(options: argparse.Namespace, compose: Compose) -> int:
    from model.language import detect
    from service.commands.auditing import audit_tables, read_queries

    texts = read_queries(options.queries)
    with compose(settings_from(store=options.store)) as library:
        print(audit_tables(library, options.collection, texts, detect, options.images))
    return 0


def _doctor(options: argparse.Namespace, compose: Compose) -> int:
    from service.commands.checkup import Checkup, RepairElsewhere, told
    from service.decoder import Decoder

    if options.server is not None:
        if options.repair:
            raise RepairElsewhere
        with _place(options, compose) as place:
            report = place.pivot.doctor(thorough=options.thorough)
        print(told(report))
        return 0 if report.healthy else 1
    settings = settings_from(store=options.store)
    with closing(Decoder(settings)) as decoder:
        checkup = Checkup(settings.store, decoder, thorough=options.thorough, repair=options.repair)
        checkup.run()
    print(checkup)
    return 0 if checkup.healthy else 1


def _backup(options: argparse.Namespace, _: Compose) -> int:
    from service.commands.copies import backup

    print(backup(settings_from(store=options.store).store, options.target))
    return 0


def _export(options: argparse.Namespace, compose: Compose) -> int:
    from service.commands.copies import export_collection, fetch_collection

    if options.server is not None:
        with _place(options, compose) as place:
            print(fetch_collection(place.pivot, options.collection, options.target))
    else:
        print(export_collection(settings_from(store=options.store).store, options.collection, options.target))
    return 0


def _import(options: argparse.Namespace, compose: Compose) -> int:
    from service.commands.copies import import_collection, send_collection
    from service.commands.jobs import outcome
    from service.decoder import Decoder

    if options.server is not None:
        with _place(options, compose) as place:
            job = send_collection(place.pivot, options.bundle, options.collection)
        print(outcome(job))
        return 0 if job.state == "succeeded" and not job.failed else 1
    settings = settings_from(store=options.store)
    with closing(Decoder(settings)) as decoder:
        print(import_collection(options.bundle, settings.store, options.collection, decoder))
    return 0


def _keys(options: argparse.Namespace, compose: Compose) -> int:
    from service.commands.keys import KeyFolder, manage

    if options.server is not None:
        with _place(options, compose) as place:
            print(manage(place.pivot, options))
    else:
        print(manage(KeyFolder(settings_from(store=options.store).store), options))
    return 0


@contextmanager
def _place(options: argparse.Namespace, compose: Compose, *, background: bool = False) -> "Iterator[Place]":
    """Where a command was asked to work. Raises CommandError for what a service or its lack tells."""
    from service.client import KeyNeeded, PivotError
    from service.commands.place import elsewhere, here

    try:
        if options.server is not None:
            with elsewhere(options.server, options.key) as place:
                yield place
        else:
            settings = settings_from(store=options.store)
            with compose(settings) as library, here(library, settings, background=background) as place:
                yield place
    except KeyNeeded as error:
        raise CommandError(f"{error} Commands take one from --key or PIVOT_KEY.") from error
    except PivotError as error:
        raise CommandError(str(error)) from error


def settings_from(**options: Any) -> "Settings":
    """The environment's, with the options that were given in front. Raises SettingsInvalid."""
    from pydantic import ValidationError

    from service.settings import Settings

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsInvalid(error, given) from error


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
