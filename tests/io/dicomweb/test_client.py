"""Requests to real servers, good and bad ones."""

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.io.dicomweb.client import HttpClient
from pipeline.io.dicomweb.http_options import HttpOptions
from pipeline.model.errors import SourceError, StorageError
from tests.emulators import free_port
from tests.io.dicomweb.servers import Handler, Server, body, document, serving, status

_SECRET = "hunter2"  # noqa: S105  of nobody


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with closing(HttpClient(HttpOptions(timeout=20), delays=(0, 0))) as made:
        yield made


def _with(options: HttpOptions, url: str) -> object:
    with closing(HttpClient(options, delays=())) as made:
        return made.json(url)


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_a_failure_that_may_pass_is_tried_again(client: HttpClient, code: int) -> None:
    with serving({"/x": [status(code), status(code), document(7)]}) as server:
        assert client.json(f"{server.url}/x") == 7
        assert server.asked("/x") == 3


def test_a_server_that_keeps_failing_is_asked_as_often_as_was_said(client: HttpClient) -> None:
    with serving({"/x": status(503)}) as server:
        with pytest.raises(StorageError, match="/x answered 503"):
            client.json(f"{server.url}/x")
        assert server.asked("/x") == 3


def test_a_connection_that_breaks_is_tried_again(client: HttpClient) -> None:
    def hang_up(handler: Handler) -> None:
        handler.close_connection = True

    with serving({"/x": [hang_up, body(b'{"a": ', length=9), document(7)]}) as server:
        assert client.json(f"{server.url}/x") == 7


def test_a_server_that_is_not_there_is_told_in_one_line(client: HttpClient) -> None:
    url = f"http://127.0.0.1:{free_port()}/x"
    with pytest.raises(StorageError, match="error in the network protocol") as caught:
        client.json(url)
    assert url in str(caught.value)
    assert "object at" not in str(caught.value)


def test_a_silent_server_is_left(client: HttpClient) -> None:
    leave = threading.Event()
    with serving({"/x": lambda handler: leave.wait(20) and None}) as server:  # type: ignore[func-returns-value]
        with pytest.raises(StorageError, match="--timeout gives it more seconds"):
            _with(HttpOptions(timeout=0.2), f"{server.url}/x")
        leave.set()


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (401, StorageError, "denies access .401.; give --username"),
        (403, StorageError, "denies access .403."),
        (404, SourceError, "Unknown resource"),
        (407, StorageError, "proxy denies access"),
        (406, StorageError, "answered 406"),
    ],
)
def test_what_cannot_pass_is_asked_once(client: HttpClient, code: int, error: type[Exception], words: str) -> None:
    with serving({"/x": status(code)}) as server:
        with pytest.raises(error, match=words):
            client.json(f"{server.url}/x")
        assert server.asked("/x") == 1


@pytest.mark.parametrize("data", [b"<html>", b"\xff\xfe", b"[" * 100_000])
def test_a_page_is_no_json(client: HttpClient, data: bytes) -> None:
    with (
        serving({"/x": body(data, "text/html")}) as server,
        pytest.raises(StorageError, match="text/html that is no JSON"),
    ):
        client.json(f"{server.url}/x")


def test_an_endless_document_is_left(client: HttpClient) -> None:
    def give(handler: Handler) -> None:
        handler.begin(200, {})
        while True:
            handler.wfile.write(b" " * (1 << 20))

    with serving({"/x": give}) as server, pytest.raises(StorageError, match=r"more than .* bytes of text"):
        client.json(f"{server.url}/x")


def test_no_content_is_none(client: HttpClient) -> None:
    with serving({"/x": status(204)}) as server:
        assert client.json(f"{server.url}/x") is None


def test_headers_that_never_end_are_refused(client: HttpClient) -> None:
    def huge(handler: Handler) -> None:
        handler.begin(200, {f"X-{number}": "y" * 1000 for number in range(1000)})

    def long(handler: Handler) -> None:
        handler.begin(200, {"X": "y" * 100_000})

    with serving({"/huge": huge, "/long": long}) as server:
        for path in ("/huge", "/long"):
            with pytest.raises(StorageError, match="cannot be read"):
                client.json(server.url + path)


def test_redirections_are_followed(client: HttpClient) -> None:
    with serving({"/x": status(302, Location="/y"), "/y": document(7)}) as server:
        assert client.json(f"{server.url}/x") == 7


def test_redirections_without_end_are_an_error(client: HttpClient) -> None:
    with serving({"/x": status(302, Location="/x")}) as server:
        with pytest.raises(StorageError, match="redirects more than 5 times"):
            client.json(f"{server.url}/x")
        assert server.asked("/x") == 6


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://host/x", "javascript:x"])
def test_redirections_lead_to_web_addresses_only(client: HttpClient, place: str) -> None:
    with (
        serving({"/x": status(301, Location=place)}) as server,
        pytest.raises(StorageError, match="which is no web address"),
    ):
        client.json(f"{server.url}/x")


def test_the_password_stays_with_the_server_it_is_for() -> None:
    with (
        serving({"/y": document(7)}) as other,
        serving({"/x": status(302, Location="/z"), "/z": status(307, Location=f"{other.url}/y")}) as server,
    ):
        assert _with(HttpOptions(username="me", password=_SECRET), f"{server.url}/x") == 7
        assert ["Authorization" in headers for _, headers in server.requests] == [True, True]
        assert ["Authorization" in headers for _, headers in other.requests] == [False]


def test_a_proxy_is_used() -> None:
    with serving({"http://server.invalid/x": document(7)}) as proxy:
        assert _with(HttpOptions(proxy=proxy.url), "http://server.invalid/x") == 7


def test_a_proxy_that_is_not_there_is_named() -> None:
    with pytest.raises(StorageError, match="the proxy cannot be reached; check --proxy"):
        _with(HttpOptions(proxy=f"http://127.0.0.1:{free_port()}"), "http://server.invalid/x")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem"


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.parent / "key.pem")
    with serving({"/x": document(7)}, context) as server:
        yield server


def test_an_unknown_certificate_is_refused(tls_server: Server) -> None:
    with pytest.raises(StorageError, match=r"certificate is not accepted .*--ca-certificates"):
        _with(HttpOptions(), f"{tls_server.url}/x")


def test_certificates_can_be_given(tls_server: Server, certificate: Path) -> None:
    assert _with(HttpOptions(ca_certificates=str(certificate)), f"{tls_server.url}/x") == 7


def test_peers_need_not_be_verified(tls_server: Server) -> None:
    assert _with(HttpOptions(verify_peers=False), f"{tls_server.url}/x") == 7
