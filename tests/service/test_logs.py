import json
import logging

import pytest

from service.logs import JsonLines, TextLines, logged
from service.request_ids import current_id, identified


def test_the_log_has_its_form_and_is_left_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    root, logger = logging.getLogger(), logging.getLogger("service.somewhere")
    before = root.handlers[:], root.level
    with logged("text"):
        logger.info("line %d", 1)
    assert capsys.readouterr().err == "INFO:     line 1\n"
    with logged("json"):
        logger.info("line %d", 2)
        logger.debug("nothing")
    told = json.loads(capsys.readouterr().err)
    assert (told["level"], told["logger"], told["message"]) == ("INFO", "service.somewhere", "line 2")
    assert told["request_id"] is None
    assert (root.handlers, root.level) == before


def test_a_traceback_is_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with logged("json"):
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            logging.getLogger("service.somewhere").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ZeroDivisionError" in json.loads(line)["exception"]


def test_lines_name_the_request_that_they_belong_to() -> None:
    record = logging.LogRecord("a", logging.INFO, "a.py", 1, "line %d", (1,), None)
    assert TextLines("%(levelname)s: %(message)s").format(record) == "INFO: line 1"
    with identified("abc"):
        assert TextLines("%(levelname)s: %(message)s").format(record) == "INFO: line 1 [abc]"
        assert json.loads(JsonLines().format(record))["request_id"] == "abc"
    assert current_id() is None
