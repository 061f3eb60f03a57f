"""What reaches stderr, and how."""

import logging
import warnings

import pytest

from pipeline.cli.messages import about, messages_shown, tell_error


def speak() -> None:
    """Say what libraries say."""
    logging.getLogger("pipeline.somewhere").warning("ours\non two lines")
    logging.getLogger("tifffile").warning("theirs")
    logging.getLogger("somebody").error("their error")
    logging.getLogger("tifffile").error("what it goes on from")
    logging.getLogger("apache_beam").info("information")


def test_our_warnings_and_the_errors_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    with messages_shown(verbose=False):
        speak()
        warnings.warn("for developers", stacklevel=1)
    assert capsys.readouterr().err == "slidebeam: warning: ours on two lines\nslidebeam: error: their error\n"


def test_verbose_shows_all(capsys: pytest.CaptureFixture[str]) -> None:
    with messages_shown(verbose=True):
        speak()
    shown = capsys.readouterr().err
    assert "slidebeam: warning: theirs\n" in shown
    assert "slidebeam: info: information\n" in shown


def test_logging_is_as_before_afterwards() -> None:
    root = logging.getLogger()
    before = list(root.handlers), root.level, list(warnings.filters)
    with messages_shown(verbose=True):
        assert list(root.handlers) != before[0]
    assert (list(root.handlers), root.level, list(warnings.filters)) == before


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell_error("first\n  second")
    assert capsys.readouterr().err == "slidebeam: error: first second\n"


def test_a_name_is_said_once() -> None:
    assert about("a.svs", "/slides/a.svs is empty") == "/slides/a.svs is empty"
    assert about("a.svs", "tile 3 is empty") == "a.svs: tile 3 is empty"
