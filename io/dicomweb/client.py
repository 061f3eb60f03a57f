"""GET requests that end well or with one clear error.

Bodies are streamed and never held. What may pass by itself (a connection that broke, a busy server) is tried again,
with the whole of what was begun. Redirections are followed by hand: their bodies are not read, there are few of them,
and the password goes to the server that was named and to no other.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from pipeline.io.dicomweb.http_options import PASSWORD_VARIABLE, HttpOptions
from pipeline.model.errors import SourceError, StorageError

DELAYS = (0.5, 2.0, 8.0)
"""Seconds before each further attempt."""
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTIONS = {301, 302, 303, 307, 308}
_MOST_REDIRECTIONS = 5
_MOST_TEXT = 64 << 20
_PIECE = 1 << 20
_CONNECTION = re.compile(r"^<?(?:urllib3\.connection\.)?HTTPS?Connection(?:Pool)?.*?[)>]: ")
"""What urllib3 puts before a reason."""
_PORTS = {"http": 80, "https": 443}

T = TypeVar("T")


class HttpClient:
    """A session with servers. Close it after use."""

    def __init__(self, options: HttpOptions, delays: Sequence[float] = DELAYS) -> None:
        self._options = options
        self._delays = delays
        self._session = requests.Session()
        if not options.verify_peers:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # it was asked for

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def tried_again(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, begun anew after an error that may pass, as often as there are delays."""
        for delay in self._delays:
            try:
                return work()
            except StorageError as error:
                if not error.transient:
                    raise
            time.sleep(delay)
        return work()

    def json(self, url: str, accept: str = "application/json") -> Any:
        """Return the document at a URL; None where the server has no content (204)."""
        text, kind = self.tried_again(lambda: self._text(url, accept))
        if not text:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            message = f"{url} answered with {kind} that is no JSON; check that this is the URL of the service"
            raise StorageError(message, uri=url) from error

    def word(self, url: str) -> str:
        """Return the bare text at a URL, as Orthanc tells single values."""
        text, _ = self.tried_again(lambda: self._text(url, "text/plain"))
        return text.decode("ascii", "replace").strip()

    @contextmanager
    def answer(self, url: str, accept: str) -> Iterator[requests.Response]:
        """Yield the answer of a server, its body unread: `pieces` reads it.

        Raises StorageError, where nobody is there, access is denied, or the server failed; SourceError for what the
        server does not have ("Unknown resource").
        """
        with _told(url):
            answer = self._answer(url, accept)
        with closing(answer):
            _check_status(answer, url)
            yield answer

    def _text(self, url: str, accept: str) -> tuple[bytearray, str]:
        with self.answer(url, accept) as answer:
            text = bytearray()
            for piece in pieces(answer, url):
                text += piece
                if len(text) > _MOST_TEXT:
                    raise StorageError(f"{url} answered with more than {_MOST_TEXT:,} bytes of text", uri=url)
            return text, answer.headers.get("Content-Type", "a body")

    def _answer(self, url: str, accept: str) -> requests.Response:
        place = url
        for _ in range(_MOST_REDIRECTIONS + 1):
            answer = self._session.get(
                place,
                # Bytes are wanted as they are stored: Orthanc would compress them on the way.
                headers={"Accept": accept, "Accept-Encoding": "identity"},
                auth=self._options.authentication if _same_server(url, place) else None,
                proxies={"http": self._options.proxy, "https": self._options.proxy} if self._options.proxy else None,
                timeout=self._options.timeout or None,
                verify=(self._options.ca_certificates or True) if self._options.verify_peers else False,
                stream=True,
                allow_redirects=False,
            )
            if answer.status_code not in _REDIRECTIONS:
                return answer
            answer.close()
            place = urljoin(place, answer.headers.get("Location", ""))
            if urlsplit(place).scheme not in _PORTS:
                raise StorageError(f"{url} redirects to {place!r}, which is no web address", uri=url)
        raise StorageError(f"{url} redirects more than {_MOST_REDIRECTIONS} times; give the final URL", uri=url)


def pieces(answer: requests.Response, url: str) -> Iterator[bytes]:
    """Yield the body of an answer. Raises StorageError where it ends before its length, or the connection broke."""
    with _told(url):
        yield from answer.iter_content(_PIECE)


def _same_server(first: str, second: str) -> bool:
    """Whether what is meant for the first may be told to the second."""
    one, other = urlsplit(first), urlsplit(second)
    ports = [place.port or _PORTS[place.scheme] for place in (one, other)]
    return (one.scheme, one.hostname) == (other.scheme, other.hostname) and ports[0] == ports[1]


def _check_status(answer: requests.Response, url: str) -> None:
    status = answer.status_code
    if answer.ok:
        return
    if status in (401, 403):
        way_out = f"give --username, and the password in {PASSWORD_VARIABLE}" if status == 401 else "ask for access"
        raise StorageError(f"{url} denies access ({status}); {way_out}", uri=url)
    if status in (404, 410):
        raise SourceError(f"Unknown resource: {url} is not there ({status})", uri=url)
    if status == 407:
        raise StorageError(f"the proxy denies access to {url} (407); give its user in the URL of --proxy", uri=url)
    reason = f"{status} {answer.reason or ''}".rstrip()
    raise StorageError(f"{url} answered {reason}", uri=url, transient=status in _PASSING)


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Turn errors of HTTP into StorageError; none of them repeats a password."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise StorageError(
            f"{url}: the server's certificate is not accepted ({_cause(error)}); --ca-certificates names those that "
            "are, --verify-peers=0 accepts any",
            uri=url,
        ) from error
    except requests.exceptions.ProxyError as error:
        raise StorageError(f"{url}: the proxy cannot be reached; check --proxy", uri=url, transient=True) from error
    except requests.exceptions.Timeout as error:
        message = f"{url}: the server was silent for too long; --timeout gives it more seconds"
        raise StorageError(message, uri=url, transient=True) from error
    except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
        message = f"{url} cannot be read: error in the network protocol ({_cause(error)})"
        raise StorageError(message, uri=url, transient=True) from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        if isinstance(error, StorageError | SourceError):
            raise
        raise StorageError(f"{url} cannot be read: {_cause(error)}", uri=url) from error


def _cause(error: BaseException) -> str:
    """Return the innermost reason, which says what happened and not through which layers it was told."""
    inner: BaseException = error
    while True:
        wrapped = getattr(inner, "reason", None) or (inner.args[0] if inner.args else None)
        if not isinstance(wrapped, BaseException):
            break
        inner = wrapped
    words = str(inner.args[0]) if inner.args and isinstance(inner.args[0], str) else str(inner)
    return _CONNECTION.sub("", words)[:200] or type(inner).__name__
