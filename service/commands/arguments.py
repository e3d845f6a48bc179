"""What the command line understands."""

import argparse
import json
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

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


def _serve(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", help="address to listen on (default: PIVOT_HOST, else 127.0.0.1)")
    command.add_argument(
        "--port", type=int, help="port to listen on, 0 for any that is free (default: PIVOT_PORT, else 8000)"
    )
    _store(command)


def _upload(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "paths",
        nargs="+",
        type=_readable,
        metavar="PATH",
        help="photos; folders, with their sub-folders but without hidden files; .zip and .tar archives",
    )
    _place(command)


def _search(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "query", nargs="?", type=_text, metavar="QUERY", help="what the images should show, in any language"
    )
    command.add_argument("-k", type=int, help="how many to find (default: 10)")
    command.add_argument(
        "--like",
        action="append",
        default=[],
        type=_text,
        metavar="IMAGE",
        help="find the like of it, too: the id of an image of the collection, or a file; may be repeated",
    )
    command.add_argument(
        "--not",
        dest="unlike",
        action="append",
        default=[],
        type=_text,
        metavar="TEXT",
        help="what the images should rather not show; may be repeated",
    )
    command.add_argument(
        "--filter",
        type=_filter,
        metavar="JSON",
        help='which images may be found, such as {"field": "width", "gte": 800}',
    )
    command.add_argument("--min-score", type=float, metavar="SCORE", help="leave out what scores less")
    command.add_argument(
        "--language", type=_text, help="of the query, such as de or en-GB (default: detected)"
    )
    command.add_argument(
        "--scoring",
        choices=("symmetric", "asymmetric"),
        help="score to rank by (default: what ranks best for the model)",
    )
    command.add_argument("--exact", action="store_true", help="score every image instead of candidates")
    command.add_argument("--json", action="store_true", help="print the document that the HTTP API answers")
    _place(command)


def _collections(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    _reached(actions.add_parser("list", help="all of them, with their counts"))
    create = actions.add_parser("create", help="a new, empty one")
    create.add_argument("name", type=_text, metavar="NAME")
    rename = actions.add_parser("rename", help="give one another name")
    rename.add_argument("name", type=_text, metavar="NAME")
    rename.add_argument("new", type=_text, metavar="NEW")
    delete = actions.add_parser("delete", help="one with all its images")
    delete.add_argument("name", type=_text, metavar="NAME")
    delete.add_argument("--with-images", action="store_true", help="even where it is not empty")
    for action in (create, rename, delete):
        _reached(action)


def _jobs(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all of them")
    listing.add_argument("--state", choices=("queued", "running", "succeeded", "failed", "cancelled"))
    listing.add_argument("--collection", type=_text, metavar="NAME", help="(default: any)")
    _reached(listing)
    for name, help in (
        ("show", "one, and the files that failed"),
        ("cancel", "end one; what it added stays"),
        ("follow", "watch one until its end"),
    ):
        action = actions.add_parser(name, help=help)
        action.add_argument("id", type=int, metavar="ID")
        _reached(action)


def _completion(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", choices=("bash", "zsh", "fish"))


def _backup(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "target",
        type=Path,
        metavar="TARGET",
        help="a folder that is new, empty, or an earlier backup, which is brought up to date",
    )
    _store(command)


def _export(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "target", type=Path, metavar="TARGET", help="a folder that is new or empty, or a new file called .tar"
    )
    _place(command)


def _import(command: argparse.ArgumentParser) -> None:
    command.add_argument("bundle", type=_readable, metavar="PATH", help="what `export` wrote")
    command.add_argument(
        "--collection", type=_text, metavar="NAME", help="(default: the name of the one that was exported)"
    )
    _reached(command)


def _doctor(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--thorough", action="store_true", help="read every original and every vector, too; takes its time"
    )
    command.add_argument(
        "--repair",
        action="store_true",
        help="mend what can be mended safely; originals are set aside, never deleted; not with --server",
    )
    _reached(command)


def _place(command: argparse.ArgumentParser) -> None:
    _collection(command)
    _reached(command)


def _reached(command: argparse.ArgumentParser) -> None:
    place = command.add_mutually_exclusive_group()
    _store(place)
    place.add_argument(
        "--server",
        type=_address,
        metavar="URL",
        help="let a running service do the work, such as http://127.0.0.1:8000",
    )
    command.add_argument(
        "--key",
        type=_text,
        default=os.environ.get("PIVOT_KEY") or None,
        help="for a service that asks for one (default: PIVOT_KEY, which others cannot see)",
    )


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
    _collection(command)
    _store(command)


def _keys(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key; its secret is printed this once")
    create.add_argument("name", type=_text, metavar="NAME", help="what people call it")
    create.add_argument(
        "--scope", choices=("read", "write", "admin"), default="read", help="what it may do (default: read)"
    )
    create.add_argument(
        "--collection",
        type=_text,
        action="append",
        metavar="NAME",
        help="one that it may see, and others not; may be given several times (default: all)",
    )
    create.add_argument("--rate", type=int, metavar="N", help="requests a minute (default: PIVOT_RATE)")
    create.add_argument(
        "--expires", metavar="TIME", help="when it ends, such as 2027-01-31T00:00Z (default: never)"
    )
    revoke = actions.add_parser("revoke", help="end a key for good")
    revoke.add_argument("id", type=int, metavar="ID", help="as `list` prints it")
    for action in (create, actions.add_parser("list", help="print all keys"), revoke):
        _store(action)


def _collection(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--collection", type=_text, default="default", metavar="NAME", help="(default: default)"
    )


def _store(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--store",
        type=Path,
        metavar="FOLDER",
        help="folder of the database and the images (default: PIVOT_STORE, else ./store)",
    )


def _text(argument: str) -> str:
    """What was typed as text that can be stored and sent: bytes that are no UTF-8 become U+FFFD."""
    return os.fsencode(argument).decode(errors="replace")


def _readable(argument: str) -> Path:
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


def _filter(argument: str) -> dict[str, Any]:
    try:
        filter = json.loads(argument)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{_text(argument)!r} is no JSON: {error}") from error
    if not isinstance(filter, dict):
        raise argparse.ArgumentTypeError(f"{_text(argument)!r} is no JSON object")
    return filter


def _address(argument: str) -> str:
    try:
        parts = urlsplit(argument)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(
            f"{_text(argument)!r} is no address of a service; give one such as http://127.0.0.1:8000"
        )
    return argument.rstrip("/")
