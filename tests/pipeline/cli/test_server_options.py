"""Options of servers, as they are typed."""

import argparse

import pytest

from pipeline.cli.server_options import add_server_options, server_options
from pipeline.io.dicomweb.http_options import HttpOptions


def _parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_server_options(parser)
    return parser.parse_args(words)


def test_without_options_a_connection_is_the_ordinary_one() -> None:
    assert server_options(_parsed()) == HttpOptions()
    assert _parsed().orthanc == ""


def test_every_option_reaches_the_connection() -> None:
    words = ("--username=me", "--password=w", "--proxy=http://p:1", "--timeout=7.5", "--verify-peers=0")
    expected = HttpOptions(username="me", password="w", proxy="http://p:1", timeout=7.5, verify_peers=False)  # noqa: S106
    assert server_options(_parsed(*words)) == expected


@pytest.mark.parametrize("word", ["1", "true", "yes", "on", "0", "false", "no", "off"])
def test_peers_are_verified_by_any_spelling_of_yes(word: str) -> None:
    assert server_options(_parsed("--verify-peers", word)).verify_peers is (word in ("1", "true", "yes", "on"))


def test_other_words_are_refused() -> None:
    with pytest.raises(SystemExit):
        _parsed("--verify-peers", "perhaps")
