"""What the command line understands."""

import argparse
from pathlib import Path
from typing import Final

from service.commands import options

PROGRAM: Final = "python -m service"

DESCRIPTION: Final = """\
Pivot finds images by what they show, asked in any language.

Settings that have no option here are read from the environment: PIVOT_STORE, PIVOT_MAX_K and so on;
service/settings.py lists them."""

EXIT_CODES: Final = """\
exit codes:
  0 all went well, 1 something failed and was named, 2 wrong usage, 130 ended with Ctrl-C

try: python -m service COMMAND --help"""


def parser(program: str = PROGRAM) -> argparse.ArgumentParser:
    """The parser of all commands; `command` in its result names the one that was given."""
    top = argparse.ArgumentParser(
        prog=program,
        description=DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _serve(_command(commands, "serve", "run the service and its page", "serve --port 8080"))
    for name in ("upload", "index"):  # the second as it was once called
        _upload(_command(commands, name, "add photos, new ones only", f"{name} ~/Pictures photos.zip"))
    _search(_command(commands, "search", "find images", 'search "Ein Hund springt ins Wasser" -k 3'))
    _collections(_command(commands, "collections", "list and change collections", "collections create trips"))
    _jobs(_command(commands, "jobs", "see imports and end them", "jobs follow 7"))
    _backup(_command(commands, "backup", "copy a store, in use or not", "backup /mnt/disk/pivot"))
    _export(
        _command(commands, "export", "write a collection to a folder, for any program", "export ~/photos-out")
    )
    _import(_command(commands, "import", "add what was exported", "import ~/photos-out"))
    _doctor(_command(commands, "doctor", "find and mend what is wrong in a store", "doctor --thorough"))
    _audit(_command(commands, "audit", "tell what candidates cost in quality", "audit --queries queries.txt"))
    _keys(_command(commands, "keys", "say who may use the service", 'keys create "my phone" --scope read'))
    _completion(_command(commands, "completion", "print completions for a shell", "completion bash"))
    commands.add_parser("evaluate", help="measure a checkpoint on captioned photos", add_help=False)
    return top


def evaluation_parser() -> argparse.ArgumentParser:
    """The parser of `evaluate`, whose arguments the model declares."""
    return argparse.ArgumentParser(
        prog=f"{PROGRAM} evaluate",
        description="Measure how well a checkpoint finds: recall@k for each language.",
        epilog=f"example:\n  {PROGRAM} evaluate --data photos --split dev --languages en,de",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help: str, example: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=help,
        description=f"{help[0].upper()}{help[1:]}.",
        epilog=f"example:\n  {PROGRAM} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help: str
) -> argparse.ArgumentParser:
    return actions.add_parser(name, help=help, allow_abbrev=False)


def _serve(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", help="address to listen on (default: PIVOT_HOST, else 127.0.0.1)")
    command.add_argument(
        "--port", type=int, help="port to listen on, 0 for any that is free (default: PIVOT_PORT, else 8000)"
    )
    options.store(command)


def _upload(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "paths",
        nargs="+",
        type=options.readable,
        metavar="PATH",
        help="photos; folders, with their sub-folders but without hidden files; .zip and .tar archives",
    )
    options.place(command)


def _search(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "query",
        nargs="?",
        type=options.text,
        metavar="QUERY",
        help="what the images should show, in any language",
    )
    command.add_argument("-k", type=int, help="how many to find (default: 10)")
    command.add_argument(
        "--like",
        action="append",
        default=[],
        type=options.text,
        metavar="IMAGE",
        help="find the like of it, too: the id of an image of the collection, or a file; may be repeated",
    )
    command.add_argument(
        "--not",
        dest="unlike",
        action="append",
        default=[],
        type=options.text,
        metavar="TEXT",
        help="what the images should rather not show; may be repeated",
    )
    command.add_argument(
        "--filter",
        type=options.condition,
        metavar="JSON",
        help='which images may be found, such as {"field": "width", "gte": 800}',
    )
    command.add_argument("--min-score", type=float, metavar="SCORE", help="leave out what scores less")
    command.add_argument(
        "--language", type=options.text, help="of the query, such as de or en-GB (default: detected)"
    )
    command.add_argument(
        "--scoring",
        choices=("symmetric", "asymmetric"),
        help="score to rank by (default: what ranks best for the model)",
    )
    command.add_argument("--exact", action="store_true", help="score every image instead of candidates")
    options.document(command)
    options.place(command)


def _collections(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _action(actions, "list", help="all of them, with their counts")
    options.document(listing)
    create = _action(actions, "create", help="a new, empty one")
    create.add_argument("name", type=options.text, metavar="NAME")
    rename = _action(actions, "rename", help="give one another name")
    rename.add_argument("name", type=options.text, metavar="NAME")
    rename.add_argument("new", type=options.text, metavar="NEW")
    delete = _action(actions, "delete", help="one with all its images")
    delete.add_argument("name", type=options.text, metavar="NAME")
    delete.add_argument("--with-images", action="store_true", help="even where it is not empty")
    for action in (listing, create, rename, delete):
        options.reached(action)


def _jobs(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _action(actions, "list", help="all of them")
    listing.add_argument("--state", choices=("queued", "running", "succeeded", "failed", "cancelled"))
    listing.add_argument("--collection", type=options.text, metavar="NAME", help="(default: any)")
    options.document(listing)
    options.reached(listing)
    for name, help in (
        ("show", "one, and the files that failed"),
        ("cancel", "end one; what it added stays"),
        ("follow", "watch one until its end"),
    ):
        action = _action(actions, name, help=help)
        action.add_argument("id", type=int, metavar="ID")
        if name == "show":
            options.document(action)
        options.reached(action)


def _completion(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", choices=("bash", "zsh", "fish"))


def _backup(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "target",
        type=Path,
        metavar="TARGET",
        help="a folder that is new, empty, or an earlier backup, which is brought up to date",
    )
    options.store(command)


def _export(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "target", type=Path, metavar="TARGET", help="a folder that is new or empty, or a new file called .tar"
    )
    options.place(command)


def _import(command: argparse.ArgumentParser) -> None:
    command.add_argument("bundle", type=options.readable, metavar="PATH", help="what `export` wrote")
    command.add_argument(
        "--collection",
        type=options.text,
        metavar="NAME",
        help="(default: the name of the one that was exported)",
    )
    options.reached(command)


def _doctor(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--thorough", action="store_true", help="read every original and every vector, too; takes its time"
    )
    command.add_argument(
        "--repair",
        action="store_true",
        help="mend what can be mended safely; originals are set aside, never deleted; not with --server",
    )
    options.reached(command)


def _audit(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--queries",
        type=Path,
        metavar="FILE",
        help="what people ask, one query a line (default: what the demo's photos show)",
    )
    command.add_argument(
        "--images",
        type=int,
        default=200,
        metavar="N",
        help="how many of the collection's images ask for the like of them (default: 200)",
    )
    options.collection(command)
    options.store(command)


def _keys(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = _action(actions, "create", help="make a key; its secret is printed this once")
    create.add_argument("name", type=options.text, metavar="NAME", help="what people call it")
    create.add_argument(
        "--scope", choices=("read", "write", "admin"), default="read", help="what it may do (default: read)"
    )
    create.add_argument(
        "--collection",
        type=options.text,
        action="append",
        metavar="NAME",
        help="one that it may see, and others not; may be given several times (default: all)",
    )
    create.add_argument("--rate", type=int, metavar="N", help="requests a minute (default: PIVOT_RATE)")
    create.add_argument(
        "--expires", metavar="TIME", help="when it ends, such as 2027-01-31T00:00Z (default: never)"
    )
    options.document(create)
    revoke = _action(actions, "revoke", help="end a key for good")
    revoke.add_argument("id", type=int, metavar="ID", help="as `list` prints it")
    revoke.add_argument(
        "--even-last", action="store_true", help="even the last that may manage keys over HTTP"
    )
    listing = _action(actions, "list", help="print all keys")
    options.document(listing)
    for action in (create, listing, revoke):
        options.reached(action)
