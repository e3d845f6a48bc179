"""The command line in this process, with the encoder that knows colours, over a store and over HTTP."""

import json
import shlex
import socket
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.gallery import Gallery
from service.__main__ import LoadEncoder, main, trained_encoder
from service.commands.arguments import parser
from service.settings import Settings
from tests.fakes import ColourEncoder
from tests.service.pictures import BLUE, GREEN, RED, encoded, noisy, plain
from tests.service.serving import serving


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that name no store use one below the test's own folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIVOT_DECODE_WORKERS", "1")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with the encoder that knows colours, unless another is handed in."""

    def run(*argv: str | Path, load: LoadEncoder = lambda _: ColourEncoder()) -> Ran:
        code = main([str(word) for word in argv], load)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture(params=["--store", "--server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sequence[str]]:
    """The arguments that say where: a store of one's own, or a running service."""
    if request.param == "--store":
        yield "--store", str(tmp_path / "store")
    else:
        with serving(tmp_path / "served") as service:
            yield "--server", str(service.client.base_url)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a red, a green and a blue photo, one of them in a sub-folder, and a text."""
    folder = tmp_path / "photos"
    (folder / "trip").mkdir(parents=True)
    (folder / "leaf.png").write_bytes(plain(GREEN))
    (folder / "rose.png").write_bytes(plain(RED))
    (folder / "trip" / "sea.png").write_bytes(plain(BLUE))
    (folder / "notes.txt").write_text("not a photo")
    return folder


def test_what_was_indexed_is_found_in_german(run: Run, place: Sequence[str], photos: Path) -> None:
    indexed = run("index", photos, *place)
    assert (indexed.code, indexed.err) == (0, "")
    assert indexed.out == "3 added, 0 already there, 0 failed, 1 of other kinds skipped\n"
    found = run("search", "ein rot", "-k", "2", "--language", "de", *place)
    lines = found.out.splitlines()
    assert found.code == 0
    assert lines[0].split() == ["rank", "score", "id", "file", "original", "thumbnail"]
    assert lines[1].split()[3] == "rose.png"
    assert lines[3].startswith("language de (as given), asymmetric score of 3 images, ")
    assert len(lines) == 4


def test_the_original_of_a_result_is_a_path_of_the_store(run: Run, photos: Path) -> None:
    run("index", photos)
    first = run("search", "rot").out.splitlines()[1]
    assert Path(first.split()[-2]).read_bytes() == (photos / "rose.png").read_bytes()


def test_the_original_of_a_result_is_an_address_of_the_server(run: Run, photos: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "served") as service:
        place = ("--server", f"{service.client.base_url}/")
        run("index", photos, *place)
        first = run("search", "rot", *place).out.splitlines()[1]
        assert service.client.get(first.split()[-2]).content == (photos / "rose.png").read_bytes()


def test_a_second_run_adds_only_what_is_new(run: Run, place: Sequence[str], photos: Path) -> None:
    run("index", photos, *place)
    (photos / "trip" / "sun.png").write_bytes(plain((255, 255, 0)))
    assert run("index", photos, *place).out.startswith("1 added, 3 already there, 0 failed")


def test_a_photo_remembers_its_path_below_the_folder(run: Run, place: Sequence[str], photos: Path) -> None:
    run("index", photos, *place)
    answer = json.loads(run("search", "blau", "-k", "1", "--json", *place).out)
    image = answer["results"][0]["image"]
    assert (image["filename"], image["metadata"]) == ("sea.png", {"path": "trip/sea.png"})


def test_what_cannot_be_read_is_named_with_reason_and_remedy(
    run: Run, place: Sequence[str], photos: Path
) -> None:
    (photos / "trip" / "broken.jpg").write_bytes(encoded(noisy(), "JPEG")[:3000])
    (photos / "empty.png").touch()
    (photos / "gone.jpg").symlink_to("nowhere")
    indexed = run("index", photos, *place)
    assert indexed.code == 1
    assert indexed.out == "3 added, 0 already there, 3 failed, 1 of other kinds skipped\n"
    assert sorted(indexed.err.splitlines()) == [
        "empty.png: The file is empty (0 bytes). Choose another, or copy it again from its source.",
        "gone.jpg: It is a link to nowhere, or no ordinary file. Check that it is there, and its rights.",
        "trip/broken.jpg: The jpeg file is truncated or damaged. Copy it again from its source.",
    ]


def test_a_name_cannot_control_the_terminal(run: Run, photos: Path) -> None:
    (photos / "a\x1b[2J\nb.jpg").touch()
    assert run("index", photos).err.startswith(
        "a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}b.jpg: "
    )


def test_a_name_that_is_no_utf8_is_indexed(run: Run, place: Sequence[str], tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "caf\udce9.png").write_bytes(plain(RED))
    assert run("index", tmp_path / "photos", *place).code == 0
    answer = json.loads(run("search", "rot", "--json", *place).out)
    assert answer["results"][0]["image"]["metadata"] == {"path": "caf\N{REPLACEMENT CHARACTER}.png"}


def test_many_photos_are_all_counted(run: Run, place: Sequence[str], tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for shade in range(70):
        (folder / f"{shade}.png").write_bytes(plain((200, shade, 0), (2, 2)))
    assert run("index", folder, *place).out.startswith("70 added, 0 already there, 0 failed")


def test_index_creates_the_collection_that_it_names(run: Run, place: Sequence[str], photos: Path) -> None:
    for expected in ("3 added, 0 already there", "0 added, 3 already there"):
        assert run("index", photos, "--collection", "trips", *place).out.startswith(expected)
    nothing = run("search", "rot", *place)
    assert nothing.out.startswith("Nothing found: the collection has no images that can be searched.")
    assert len(json.loads(run("search", "rot", "--collection=trips", "--json", *place).out)["results"]) == 3


def test_json_is_the_document_that_the_api_answers(run: Run, photos: Path, tmp_path: Path) -> None:
    asked = ("search", "rot", "-k", "2", "--scoring", "symmetric", "--exact", "--json")
    run("index", photos)
    local = json.loads(run(*asked).out)
    with serving(tmp_path / "served") as service:
        run("index", photos, "--server", str(service.client.base_url))
        remote = json.loads(run(*asked, "--server", str(service.client.base_url)).out)
        answer = service.client.post(
            "/v1/collections/default/search",
            json={"q": "rot", "k": 2, "scoring": "symmetric", "exact": True},
        ).json()
    assert timeless(local).keys() == timeless(answer).keys()
    assert timeless(remote) == timeless(answer)
    assert [result["scores"] for result in local["results"]] == [
        result["scores"] for result in answer["results"]
    ]
    assert local["timings_ms"].keys() == answer["timings_ms"].keys()


def timeless(answer: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in answer.items() if name != "timings_ms"}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["  "], "The query is empty. Write what the image should show.\n"),
        (["x" * 1001], "The query has 1,001 characters; the limit is 1,000. Shorten it.\n"),
        (["こんにちは"], "The model cannot read this script. Ask in another language.\n"),
        (["rot", "-k", "0"], "k is 0; the limits are 1 and 1000. Give a k between them.\n"),
        (["rot", "-k", "1000000000"], "k is 1000000000; the limits are 1 and 1000. Give a k between them.\n"),
        (["rot", "--language", "?"], "'?' is no language tag. Give one such as de or en-GB, or none.\n"),
        (
            ["rot", "--collection", "nowhere"],
            "There is no collection 'nowhere'. Create it first, or pick one from the list.\n",
        ),
    ],
)
def test_a_bad_question_is_told_with_its_remedy(
    run: Run, place: Sequence[str], asked: list[str], told: str
) -> None:
    assert run("search", *asked, *place) == Ran(1, "", told)


def test_a_bad_name_for_a_collection_is_told(run: Run, place: Sequence[str], photos: Path) -> None:
    indexed = run("index", photos, "--collection", "No Name", *place)
    assert indexed.code == 1
    assert indexed.err.startswith("'No Name' cannot name a collection. Use 1 to 64 characters")


def test_a_query_of_bytes_that_are_no_text_is_a_question_like_any_other(
    run: Run, place: Sequence[str]
) -> None:
    assert run("search", "rot \udcff", *place).code == 0


def test_requests_that_are_too_large_for_the_server_are_divided(
    run: Run, photos: Path, tmp_path: Path
) -> None:
    for number in range(6):
        (photos / f"large-{number}.png").write_bytes(encoded(noisy((500, 400)), "PNG"))
    (photos / "huge.png").write_bytes(encoded(noisy((1000, 900)), "PNG"))
    with serving(tmp_path / "served", max_upload_mb=1) as service:
        indexed = run("index", photos, "--server", str(service.client.base_url))
    assert indexed.err == (
        "huge.png: The request is larger than the limit of 1,048,576 bytes. Send less at a time.\n"
    )
    assert indexed.out == "9 added, 0 already there, 1 failed, 1 of other kinds skipped\n"


def test_a_store_in_use_names_its_owner_and_a_command_to_copy(run: Run, photos: Path, tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "my store", dim=3, model_version="colours-1"):
        refused = run("index", photos, "--store", tmp_path / "my store", "--collection", "trips")
    assert (refused.code, refused.out) == (1, "")
    assert "is in use by process" in refused.err
    command = shlex.split(refused.err.splitlines()[-1])
    assert command[:3] == ["python", "-m", "service"]
    options = parser().parse_args(command[3:])
    assert (options.command, options.paths, options.collection) == ("index", [photos], "trips")
    assert options.server == "http://127.0.0.1:8000"


def test_commands_with_actions_can_be_copied_as_well(run: Run, tmp_path: Path) -> None:
    with serving(tmp_path / "store"):
        refused = run("collections", "rename", "default", "other", "--store", tmp_path / "store")
    command = shlex.split(refused.err.splitlines()[-1])
    options = parser().parse_args(command[3:])
    assert (options.action, options.name, options.new, options.store) == ("rename", "default", "other", None)
    assert options.server.startswith("http://")


def test_serving_a_store_in_use_is_refused(run: Run, tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "store", dim=3, model_version="colours-1"):
        refused = run("serve", "--port", "0")
    assert refused.code == 1
    assert refused.err.endswith("Stop it, or choose another folder.\n")


def test_a_store_that_is_too_new_is_refused(run: Run, photos: Path, tmp_path: Path) -> None:
    run("index", photos)
    with closing(sqlite3.connect(tmp_path / "store" / "catalog.sqlite3")) as catalog:
        catalog.execute("PRAGMA user_version = 999")
    refused = run("search", "rot")
    assert refused.code == 1
    assert refused.err.startswith("The store was written by a newer release (schema 999;")


def test_a_store_that_cannot_be_written_is_refused(run: Run, photos: Path) -> None:
    refused = run("index", photos, "--store", photos / "notes.txt" / "store")
    assert refused.code == 1
    assert "notes.txt/store cannot be written: Not a directory. Check its owner" in refused.err


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["search", "rot"]])
def test_a_missing_checkpoint_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("PIVOT_CHECKPOINT", str(tmp_path / "none"))
    refused = run(*command, load=trained_encoder)
    assert refused.code == 1
    assert refused.err.startswith(f"The model cannot be loaded from {tmp_path}/none: no pivot.safetensors")
    assert not (tmp_path / "store").exists()


def test_a_damaged_checkpoint_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pivot.safetensors").write_bytes(b"x")
    (tmp_path / "pivot.json").write_bytes(b"x")
    monkeypatch.setenv("PIVOT_CHECKPOINT", str(tmp_path))
    refused = run("search", "rot", load=trained_encoder)
    assert refused.code == 1
    assert "pivot.json is not a card" in refused.err


def test_a_port_in_use_is_told_before_the_model_loads(run: Run) -> None:
    def never(_: Settings) -> ColourEncoder:
        raise AssertionError

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = run("serve", "--port", str(port), load=never)
    assert refused.code == 1
    assert refused.err.startswith(f"Port {port} of 127.0.0.1 is in use, perhaps by another Pivot.")


@pytest.mark.parametrize("host", ["203.0.113.1", "not a host", "a..b"])
def test_a_host_that_is_not_here_is_told(run: Run, host: str) -> None:
    refused = run("serve", "--host", host)
    assert refused.code == 1
    assert refused.err.startswith(f"Cannot listen on {host} port 8000: ")


def test_settings_that_are_out_of_range_are_named_as_they_were_given(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIVOT_MAX_K", "0")
    refused = run("serve", "--port", "70000")
    assert refused.code == 1
    assert refused.err == (
        "--port is 70000: Input should be less than or equal to 65535. Correct it, or leave it out.\n"
        "PIVOT_MAX_K is '0': Input should be greater than 0. Correct it, or leave it out.\n"
    )


def test_the_environment_names_the_store_and_an_option_goes_before_it(
    run: Run, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIVOT_STORE", str(tmp_path / "a"))
    run("index", photos)
    run("index", photos, "--store", tmp_path / "b")
    assert [(tmp_path / name / "catalog.sqlite3").is_file() for name in ("a", "b", "store")] == [1, 1, 0]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["index", "nowhere"], "cannot read 'nowhere': No such file or directory"),
        (["search"], "search needs a QUERY, an image with --like, or both"),
        (["search", "rot", "-k", "many"], "argument -k: invalid int value: 'many'"),
        (["search", "rot", "--server", "localhost:8000"], "'localhost:8000' is no address of a service"),
        (["search", "rot", "--server", "http://h:1", "--store", "s"], "not allowed with argument --server"),
        (["evaluate"], "the following arguments are required: --data"),
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(
    argv: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit:
        main(argv)
    assert exit.value.code == 2
    assert told in capsys.readouterr().err


def test_evaluate_hands_on_to_the_evaluation(run: Run, tmp_path: Path) -> None:
    refused = run("evaluate", "--data", tmp_path, "--checkpoint", tmp_path)
    assert refused.code == 1
    assert "no pivot.safetensors" in refused.err


@pytest.mark.parametrize(
    "command", ["serve", "index", "search", "backup", "export", "import", "doctor", "audit", "evaluate"]
)
def test_every_command_explains_itself_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit:
        main([command, "--help"])
    assert exit.value.code == 0
    assert f"example:\n  python -m service {command} " in capsys.readouterr().out


def test_ctrl_c_ends_with_130(run: Run) -> None:
    def interrupted(_: Settings) -> ColourEncoder:
        raise KeyboardInterrupt

    assert run("search", "rot", load=interrupted) == Ran(130, "", "")
