"""A proxy in front of an emulator that fails as often as it is told to: with a status, or by hanging up.

It counts what it forwards, so that tests can say how much was read.
"""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HANG_UP = 0
"""In place of a status: the connection ends without an answer."""
HANG_UP_AFTERWARDS = -1
"""The request is forwarded, and its answer lost."""


@dataclass
class Proxy:
    """What the proxy does and has done."""

    target: str
    url: str = ""
    failures: list[int] = field(default_factory=list)
    """Statuses of the next requests that match; then all goes through."""
    words: str = ""
    """Only requests whose path holds this fail."""
    failed: int = 0
    requests: int = 0
    on_request: Callable[[int, str], None] | None = None
    """Called with number and path of each request before it is forwarded."""
    bytes_out: int = 0
    """Bytes of bodies that went to the client."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_failure(self, path: str) -> int | None:
        """Return how a request fails; None: it does not."""
        with self.lock:
            if not self.failures or self.words not in path:
                return None
            self.failed += 1
            return self.failures.pop(0)


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """Run a proxy in front of a URL until the block ends."""
    proxy = Proxy(target)

    class Handler(_Handler):
        state = proxy

    server = _Server(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients hang up, too."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Proxy

    def do_any(self) -> None:
        body = self._body()
        with self.state.lock:
            self.state.requests += 1
            number = self.state.requests
        if self.state.on_request is not None:
            self.state.on_request(number, self.path)
        failure = self.state.next_failure(self.path)
        if failure == HANG_UP:
            self.close_connection = True
            return
        if failure and failure > 0:
            self._answer(failure, {}, b"told to fail")
            return
        target = urlsplit(self.state.target)
        connection = http.client.HTTPConnection(str(target.hostname), target.port, timeout=30)
        connection.request(self.command, self.path, body, dict(self.headers.items()))
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if failure == HANG_UP_AFTERWARDS:
            self.close_connection = True
            return
        self._answer(answer.status, dict(answer.getheaders()), data)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_any

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            data = b""
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            del self.headers["Transfer-Encoding"]
            return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        with self.state.lock:
            self.state.bytes_out += len(data)
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
