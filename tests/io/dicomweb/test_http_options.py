"""The options of a connection."""

from pathlib import Path

import pytest
from requests.auth import HTTPBasicAuth

from pipeline.io.dicomweb.http_options import PASSWORD_VARIABLE, HttpOptions
from pipeline.model.errors import ConfigError

_SECRET = "hunter2"  # noqa: S105  of nobody


def test_without_a_user_there_is_no_authentication(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    assert HttpOptions().authentication is None


def test_the_password_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "größer:geheim")
    assert HttpOptions(username="me").authentication == HTTPBasicAuth(b"me", "größer:geheim".encode())
    assert HttpOptions(username="me", password=_SECRET).authentication == HTTPBasicAuth(b"me", _SECRET.encode())


def test_a_password_is_not_shown() -> None:
    assert _SECRET not in repr(HttpOptions(username="me", password=_SECRET))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timeout": -1}, "--timeout is -1"),
        ({"timeout": float("nan")}, "--timeout is nan"),
        ({"timeout": float("inf")}, "--timeout is inf"),
        ({"password": "x"}, "without --username"),
        ({"proxy": "proxy.example:3128"}, "--proxy proxy.example:3128"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        HttpOptions(**options)  # type: ignore[arg-type]


def test_certificates_must_be_there(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for path, words in ((tmp_path / "ca.pem", "No such file"), (empty, "no certificate")):
        with pytest.raises(ConfigError, match=rf"--ca-certificates .*{path.name} cannot be used \(.*{words}"):
            HttpOptions(ca_certificates=str(path))
