"""Real HTTP servers that answer as a test says, good or bad, and the series that they hold."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, VLWholeSlideMicroscopyImageStorage

ORTHANC_SERIES = "aef2c405-56643859-ec1a9736-df219cca-5c89f46e"
ORTHANC_INSTANCE = "0b0f97a7-3c7f6221-e2ba81d6-a6a2e295-c4f60658"
STUDY, SERIES, INSTANCE = "1.2.3", "1.2.3.4", "1.2.3.4.5"
BOUNDARY = "3c0ffee"

Answer = Callable[["Handler"], None]


@dataclass
class Server:
    """A server, what it answers, and what it was asked."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    """By path, with its query; each is given once, the last for ever."""
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Target and headers of each request."""

    def asked(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(1 for target, _ in self.requests if target == path)


class Handler(BaseHTTPRequestHandler):
    """Gives the answers of its server."""

    protocol_version = "HTTP/1.1"
    state: Server

    def do_GET(self) -> None:
        """Give the next answer for the path; 404 where there is none."""
        self.state.requests.append((self.path, dict(self.headers.items())))
        answers = self.state.answers.get(self.path)
        if not answers:
            status(404)(self)
        else:
            (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def begin(self, code: int, headers: Mapping[str, str]) -> None:
        """Send a status and headers; the connection ends with the answer."""
        self.send_response_only(code)
        for name, value in {"Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients hang up on servers that send nonsense."""


@contextmanager
def serving(answers: Mapping[str, Answer | list[Answer]], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server until the block ends."""
    state = Server(answers={path: given if isinstance(given, list) else [given] for path, given in answers.items()})

    class Own(Handler):
        pass

    Own.state = state
    server = _Quiet(("127.0.0.1", 0), Own)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    state.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, **headers: str) -> Answer:
    """Answer with a status and no body."""
    return lambda handler: handler.begin(
        code, {name.replace("_", "-"): value for name, value in headers.items()} | {"Content-Length": "0"}
    )


def body(data: bytes, kind: str = "application/dicom", length: int | None = None) -> Answer:
    """Answer with a body, and maybe with a length that is a lie."""

    def give(handler: Handler) -> None:
        handler.begin(200, {"Content-Type": kind, "Content-Length": str(len(data) if length is None else length)})
        handler.wfile.write(data)

    return give


def unmeasured(data: bytes, kind: str = "application/dicom") -> Answer:
    """Answer with a body that ends with the connection."""

    def give(handler: Handler) -> None:
        handler.begin(200, {"Content-Type": kind})
        handler.wfile.write(data)

    return give


def endless(begin: bytes, kind: str = "application/dicom") -> Answer:
    """Answer with a body that goes on until the client leaves."""

    def give(handler: Handler) -> None:
        handler.begin(200, {"Content-Type": kind})
        handler.wfile.write(begin)
        while True:
            handler.wfile.write(bytes(1 << 20))

    return give


def document(value: object, kind: str = "application/json") -> Answer:
    """Answer with JSON."""
    return body(json.dumps(value).encode(), kind)


def multipart(*files: bytes, headers: str = "Content-Type: application/dicom\r\n", closed: bool = True) -> bytes:
    """Return the body of a multipart answer."""
    parts = b"".join(
        f"--{BOUNDARY}\r\n{headers}Content-Length: {len(file)}\r\n\r\n".encode() + file + b"\r\n" for file in files
    )
    return parts + (f"--{BOUNDARY}--\r\n".encode() if closed else b"")


MULTIPART = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


def instance_file(uid: str = INSTANCE, sop_class: str = VLWholeSlideMicroscopyImageStorage, pixels: int = 64) -> bytes:
    """Return a Part 10 file with few attributes and some bytes of pixels."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, SERIES
    dataset.BitsAllocated = 8
    dataset.PixelData = bytes(pixels)
    dataset["PixelData"].VR = "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID, dataset.file_meta.MediaStorageSOPInstanceUID = sop_class, uid
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def orthanc_row(size: object, **changed: Any) -> dict[str, Any]:
    """Return what Orthanc says of an instance."""
    row = {"ID": ORTHANC_INSTANCE, "FileSize": size, "MainDicomTags": {"SOPInstanceUID": INSTANCE}}
    return row | changed


def orthanc_answers(
    file: Answer | list[Answer], size: object, *, sop_class: str = VLWholeSlideMicroscopyImageStorage, **changed: Any
) -> dict[str, Answer | list[Answer]]:
    """Return the answers of an Orthanc with a series of one instance."""
    return {
        f"/series/{ORTHANC_SERIES}/instances": document([orthanc_row(size, **changed)]),
        f"/instances/{ORTHANC_INSTANCE}/metadata/SopClassUid": body(sop_class.encode(), "text/plain"),
        f"/instances/{ORTHANC_INSTANCE}/file": file,
    }


def dicomweb_row(uid: object = INSTANCE, sop_class: object = VLWholeSlideMicroscopyImageStorage) -> dict[str, Any]:
    """Return what a DICOMweb service says of an instance."""
    return {"00080016": {"vr": "UI", "Value": [sop_class]}, "00080018": {"vr": "UI", "Value": [uid]}}


def dicomweb_path(page: int | None = None) -> str:
    """Return the path of the series' instance, or of a page of the list of its instances that begins with a number."""
    series = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances"
    return f"{series}/{INSTANCE}" if page is None else f"{series}?limit=500&offset={page}"


def dicomweb_answers(
    file: Answer | list[Answer], row: dict[str, Any] | None = None
) -> dict[str, Answer | list[Answer]]:
    """Return the answers of a DICOMweb service with a series of one instance."""
    return {
        dicomweb_path(0): document([dicomweb_row() if row is None else row], "application/dicom+json"),
        dicomweb_path(1): status(204),
        dicomweb_path(): file,
    }
