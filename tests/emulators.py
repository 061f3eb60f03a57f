"""Emulators of object stores: real servers on ports of their own, started for a test session and ended with it.

gcp-storage-emulator is always there (it is a Python package) and enforces no precondition; fake-gcs-server enforces
those of uploads. moto's server speaks S3.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BUCKET = "slides"
_SECONDS = 30
_BUILT = Path(__file__).resolve().parents[1] / "build" / "bin" / "fake-gcs-server"


def use_gcs(url: str, setenv: Callable[[str, str], None]) -> None:
    """Make gs:// lead to an emulator."""
    setenv("STORAGE_EMULATOR_HOST", url)


def use_s3(url: str, setenv: Callable[[str, str], None]) -> None:
    """Make s3:// lead to an emulator."""
    setenv("AWS_ENDPOINT_URL_S3", url)
    setenv("AWS_ACCESS_KEY_ID", "emulated")
    setenv("AWS_SECRET_ACCESS_KEY", "emulated")
    setenv("AWS_DEFAULT_REGION", "us-east-1")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def fake_gcs_server() -> str | None:
    """Return the path of fake-gcs-server: named by SLIDEBEAM_FAKE_GCS_SERVER, made by make, or on the PATH."""
    named = os.environ.get("SLIDEBEAM_FAKE_GCS_SERVER") or (str(_BUILT) if _BUILT.is_file() else None)
    return named or shutil.which("fake-gcs-server")


@contextmanager
def gcp_storage_emulator() -> Iterator[str]:
    """Run gcp-storage-emulator with one bucket and yield its URL."""
    port = free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", f"--port={port}", "--in-memory"]
    with served(command, f"http://127.0.0.1:{port}") as url:
        make_bucket(url)
        yield url


@contextmanager
def fake_gcs(program: str) -> Iterator[str]:
    """Run fake-gcs-server with one bucket and yield its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory", "-external-url", url]
    with served([program, *words, "-log-level", "error"], f"{url}/storage/v1/b"):
        make_bucket(url)
        yield url


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto's server with one bucket and yield its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with served([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], url):
        request = urllib.request.Request(f"{url}/{BUCKET}", method="PUT")  # noqa: S310  our own server
        urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310
        yield url


def make_bucket(url: str, name: str = BUCKET) -> None:
    """Make a bucket in an emulator of Google Cloud Storage."""
    request = urllib.request.Request(  # noqa: S310  our own server
        f"{url}/storage/v1/b?project=emulated",
        json.dumps({"name": name}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310


@contextmanager
def served(command: Sequence[str], url: str) -> Iterator[str]:
    """Run a server until the block ends; it begins when the server answers, be it with a refusal."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(server, url)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(server: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=_SECONDS).close()  # noqa: S310  our own server
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{server.args!r} does not answer at {url}") from None
            time.sleep(0.05)
