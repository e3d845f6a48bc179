"""What the command line understands."""

import argparse
import os
from pathlib import Path
from typing import Final
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


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; `command` in its result names the one that was given."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description=DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _serve(_command(commands, "serve", "run the service and its page", "serve --port 8080"))
    _index(_command(commands, "index", "add the photos of a folder, new ones only", "index ~/Pictures"))
    _search(_command(commands, "search", "find images", 'search "Ein Hund springt ins Wasser" -k 3'))
    _backup(_command(commands, "backup", "copy a store, in use or not", "backup /mnt/disk/pivot"))
    _export(
        _command(commands, "export", "write a collection to a folder, for any program", "export ~/photos-out")
    )
    _import(_command(commands, "import", "add what was exported", "import ~/photos-out"))
    _doctor(_command(commands, "doctor", "find and mend what is wrong in a store", "doctor --thorough"))
    _audit(_command(commands, "audit", "tell what candidates cost in quality", "audit --queries queries.txt"))
    _keys(_command(commands, "keys", "say who may use the service", 'keys create "my phone" --scope read'))
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


def _index(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "folder",
        type=_folder,
        metavar="FOLDER",
        help="where the photos are, in sub-folders too; hidden files are left out",
    )
    _place(command)


def _search(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "query", type=_text, metavar="QUERY", help="what the images should show, in any language"
    )
    command.add_argument("-k", type=int, default=10, help="how many to find (default: 10)")
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


def _backup(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "target",
        type=Path,
        metavar="TARGET",
        help="a folder that is new, empty, or an earlier backup, which is brought up to date",
    )
    _store(command)


def _export(command: argparse.ArgumentParser) -> None:
    command.add_argument("target", type=Path, metavar="FOLDER", help="a folder that is new or empty")
    _collection(command)
    _store(command)


def _import(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=_folder, metavar="FOLDER", help="what `export` wrote")
    command.add_argument(
        "--collection", type=_text, metavar="NAME", help="(default: the name of the one that was exported)"
    )
    _store(command)


def _doctor(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--thorough", action="store_true", help="read every original and every vector, too; takes its time"
    )
    command.add_argument(
        "--repair",
        action="store_true",
        help="mend what can be mended safely; originals are set aside, never deleted",
    )
    _store(command)


def _place(command: argparse.ArgumentParser) -> None:
    _collection(command)
    place = command.add_mutually_exclusive_group()
    _store(place)
    place.add_argument(
        "--server",
        type=_address,
        metavar="URL",
        help="let a running service do the work, such as http://127.0.0.1:8000",
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


def _folder(argument: str) -> Path:
    try:
        with os.scandir(argument):
            return Path(argument)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot read {argument!r}: {error.strerror}") from error


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
