"""Whole series from real servers that answer as a test says: nothing half-fetched remains."""

import shutil
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.io.dicomweb.addresses import DicomwebSeries, OrthancSeries, RemoteSeries
from pipeline.io.dicomweb.fetching import fetched_remote_series
from pipeline.io.dicomweb.http_options import HttpOptions
from pipeline.io.dicomweb.receiving import SPARED
from pipeline.model.errors import SlidebeamError, SourceError, StorageError
from tests.io.dicomweb.servers import (
    BOUNDARY,
    INSTANCE,
    MULTIPART,
    ORTHANC_SERIES,
    SERIES,
    STUDY,
    Answer,
    Handler,
    Server,
    body,
    dicomweb_answers,
    dicomweb_path,
    dicomweb_row,
    document,
    endless,
    instance_file,
    multipart,
    orthanc_answers,
    orthanc_row,
    serving,
    status,
    unmeasured,
)

_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
_FILE = instance_file()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a folder of its own the one for temporary files, and see that nothing stays in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def _orthanc(server: Server) -> OrthancSeries:
    return OrthancSeries(f"{server.url}/", ORTHANC_SERIES)


def _dicomweb(server: Server) -> DicomwebSeries:
    return DicomwebSeries(f"{server.url}/dicom-web", STUDY, SERIES)


def _fetched(series: RemoteSeries, delays: Sequence[float] = (0, 0), spared: int = SPARED) -> dict[str, bytes]:
    with fetched_remote_series(series, HttpOptions(timeout=20), delays=delays, spared=spared) as folder:
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _refused(series: RemoteSeries, words: str, error: type[SlidebeamError] = StorageError, **options: Any) -> None:
    with pytest.raises(error, match=words) as caught:
        _fetched(series, **options)
    assert "\n" not in str(caught.value)
    assert str(caught.value).count("http://") == 1


def test_an_instance_of_orthanc_is_fetched() -> None:
    with serving(orthanc_answers(body(_FILE), len(_FILE))) as server:
        assert _fetched(_orthanc(server)) == {"instance-0001.dcm": _FILE}


@pytest.mark.parametrize(
    "answer",
    [
        body(multipart(_FILE), MULTIPART),
        unmeasured(multipart(_FILE), MULTIPART),
        unmeasured(b"\r\npreamble\r\n" + multipart(_FILE, headers="Content-ID: x\r\n"), MULTIPART),
        body(_FILE),
        unmeasured(_FILE),
    ],
)
def test_an_instance_of_dicomweb_comes_as_a_part_or_bare(answer: Answer) -> None:
    with serving(dicomweb_answers(answer)) as server:
        assert _fetched(_dicomweb(server)) == {"instance-0001.dcm": _FILE}
        (accepted,) = (headers["Accept"] for path, headers in server.requests if path == dicomweb_path())
    assert accepted == 'multipart/related; type="application/dicom"; transfer-syntax=*'


def test_a_list_comes_in_pages() -> None:
    uids = [f"{SERIES}.{number}" for number in range(5)]
    files = {f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{uid}": body(instance_file(uid)) for uid in uids}
    pages: dict[str, Answer] = {
        dicomweb_path(0): document([dicomweb_row(uid) for uid in uids[:2]]),
        dicomweb_path(2): document([dicomweb_row(uid) for uid in uids[2:4]]),
        dicomweb_path(4): document([dicomweb_row(uid) for uid in uids[4:]]),
        dicomweb_path(5): document([dicomweb_row(uid) for uid in uids]),  # a server that knows no offset
    }
    with serving({**files, **pages}) as server:
        assert list(_fetched(_dicomweb(server)).values()) == [instance_file(uid) for uid in uids]


def test_what_is_no_slide_is_not_fetched() -> None:
    other = f"{SERIES}.9"
    answers = dicomweb_answers(body(_FILE))
    answers[dicomweb_path(0)] = document([dicomweb_row(), dicomweb_row(other, _SEGMENTATION)])
    answers[dicomweb_path(2)] = document([])
    with serving(answers) as server:
        assert _fetched(_dicomweb(server)) == {"instance-0001.dcm": _FILE}
        assert not server.asked(f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{other}")


def test_a_series_without_a_slide_is_told() -> None:
    with serving(orthanc_answers(body(_FILE), len(_FILE), sop_class=_SEGMENTATION)) as server:
        _refused(_orthanc(server), "no series of whole-slide images; it holds Segmentation Storage", SourceError)


@pytest.mark.parametrize("answer", [status(404), document([])])
def test_a_series_that_is_not_there_is_an_unknown_resource(answer: Answer) -> None:
    with serving({f"/series/{ORTHANC_SERIES}/instances": answer, dicomweb_path(0): answer}) as server:
        _refused(_orthanc(server), "Unknown resource", SourceError)
        _refused(_dicomweb(server), "Unknown resource", SourceError)


def test_a_body_that_breaks_is_begun_anew() -> None:
    broken = [status(500), body(_FILE[:-20], length=len(_FILE)), body(_FILE)]
    with serving(orthanc_answers(list(broken), len(_FILE))) as server:
        assert _fetched(_orthanc(server)) == {"instance-0001.dcm": _FILE}
    cut = [unmeasured(multipart(_FILE)[:-40], MULTIPART), body(multipart(_FILE), MULTIPART)]
    with serving(dicomweb_answers(cut)) as server:
        assert _fetched(_dicomweb(server)) == {"instance-0001.dcm": _FILE}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (body(_FILE[:-20], length=len(_FILE)), "error in the network protocol"),
        (unmeasured(_FILE[:-20]), "bytes came of .* that were announced"),
        (unmeasured(_FILE + b"more"), "bytes came of .* that were announced"),
        (unmeasured(b""), "no DICOM file"),
        (unmeasured(b"<html>not found</html>" * 20, "text/html"), "no DICOM file"),
        (endless(b"x" * 200), "no DICOM file"),
        (unmeasured(instance_file("1.2.3.4.6")), "another SOPInstanceUID: 1.2.3.4.6, not 1.2.3.4.5"),
        (unmeasured(instance_file(sop_class=_SEGMENTATION)), "another SOPClassUID"),
        (unmeasured(bytes(128) + b"DICM" + b"\xff" * (len(_FILE) - 132)), "cannot be read"),
        (status(503), "answered 503"),
        (status(302, Location="/again"), "redirects more than 5 times"),
    ],
)
def test_a_bad_answer_of_orthanc_leaves_nothing(answer: Answer, words: str) -> None:
    answers = orthanc_answers(answer, len(_FILE))
    if "redirects" in words:
        answers["/again"] = status(302, Location="/again")
    if "another" in words:  # no length gives it away
        answers = orthanc_answers(answer, None)
    with serving(answers) as server:
        _refused(_orthanc(server), words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (unmeasured(multipart(_FILE, closed=False), MULTIPART), "ends before its closing boundary"),
        (unmeasured(multipart(), MULTIPART), "empty multipart body"),
        (unmeasured(multipart(_FILE, _FILE), MULTIPART), "more than one instance"),
        (unmeasured(multipart(_FILE), "multipart/related"), "without a proper boundary"),
        (unmeasured(multipart(b"x" * 200), MULTIPART), "no DICOM file"),
        (endless(b"", MULTIPART), "no boundary where it begins"),
        (endless(f"--{BOUNDARY}\r\nX: ".encode(), MULTIPART), "bytes of headers"),
        (
            unmeasured(multipart(_FILE).replace(f"Length: {len(_FILE)}".encode(), b"Length: 7"), MULTIPART),
            "bytes came of 7 that were announced",
        ),
    ],
)
def test_a_bad_multipart_body_leaves_nothing(answer: Answer, words: str) -> None:
    with serving(dicomweb_answers(answer)) as server:
        _refused(_dicomweb(server), words)


def test_a_body_without_end_stops_before_the_disk_is_full(temporary: Path) -> None:
    begin = f"--{BOUNDARY}\r\n\r\n".encode() + _FILE
    spared = shutil.disk_usage(temporary).free - (100 << 20)
    with serving(dicomweb_answers(endless(begin, MULTIPART))) as server:
        _refused(_dicomweb(server), "has no room for .*TMPDIR names another folder", spared=spared)


def test_what_cannot_fit_is_not_begun() -> None:
    with serving(orthanc_answers(body(_FILE), 1 << 60)) as server:
        _refused(_orthanc(server), "has no room")
        assert not any(path.endswith("/file") for path, _ in server.requests)


@pytest.mark.parametrize("uid", ["../x", "1.2/../../x", "", 7, None, "1" * 65, "1.2\n"])
def test_identifiers_that_lead_elsewhere_are_refused(uid: object) -> None:
    with serving(dicomweb_answers(body(_FILE), dicomweb_row(uid))) as server:
        _refused(_dicomweb(server), "which is no UID")
        assert len(server.requests) == 1
    with serving(orthanc_answers(body(_FILE), 1, ID="../../etc")) as server:
        _refused(_orthanc(server), "which is no id")
    with serving(orthanc_answers(body(_FILE), 1, MainDicomTags={"SOPInstanceUID": uid})) as server:
        _refused(_orthanc(server), "which is no UID")


@pytest.mark.parametrize("value", [{"a": 1}, "text", 7, [1, 2], [[]]])
def test_a_list_that_is_none_is_refused(value: object) -> None:
    with serving({f"/series/{ORTHANC_SERIES}/instances": document(value), dicomweb_path(0): document(value)}) as server:
        _refused(_orthanc(server), "no list of objects")
        _refused(_dicomweb(server), "no list of objects")


@pytest.mark.parametrize("value", [{}, {"00080018": 7}, {"00080018": {"Value": []}}, {"00080018": {"Value": "1.2"}}])
def test_a_row_without_a_uid_is_refused(value: dict[str, Any]) -> None:
    with serving({dicomweb_path(0): document([value])}) as server:
        _refused(_dicomweb(server), "None, which is no UID")


@pytest.mark.parametrize("size", [None, "8", -1, 1.5])
def test_a_size_that_is_none_is_left_aside(size: object) -> None:
    with serving(orthanc_answers(body(_FILE), size)) as server:
        assert _fetched(_orthanc(server)) == {"instance-0001.dcm": _FILE}


def test_the_folder_goes_when_the_work_fails() -> None:
    with serving(orthanc_answers(body(_FILE), len(_FILE))) as server:
        with (
            pytest.raises(KeyboardInterrupt),
            fetched_remote_series(_orthanc(server), HttpOptions()) as folder,
        ):
            raise KeyboardInterrupt
        assert not folder.exists()


def test_two_instances_of_one_uid_do_not_replace_each_other() -> None:
    answers = orthanc_answers(body(_FILE), len(_FILE))
    answers[f"/series/{ORTHANC_SERIES}/instances"] = document([orthanc_row(len(_FILE)), orthanc_row(len(_FILE))])
    with serving(answers) as server:
        assert list(_fetched(_orthanc(server))) == ["instance-0001.dcm", "instance-0002.dcm"]


def test_an_instance_larger_than_memory_passes_through_pieces() -> None:
    pixels = 300 << 20
    begin = instance_file(INSTANCE, pixels=16)[: -16 - 4] + pixels.to_bytes(4, "little")

    def give(handler: Handler) -> None:
        handler.begin(200, {"Content-Type": MULTIPART})
        handler.wfile.write(f"--{BOUNDARY}\r\n\r\n".encode() + begin)
        piece = bytes(1 << 20)
        for _ in range(pixels >> 20):
            handler.wfile.write(piece)
        handler.wfile.write(f"\r\n--{BOUNDARY}--".encode())

    with serving(dicomweb_answers(give)) as server:
        tracemalloc.start()
        try:
            with fetched_remote_series(_dicomweb(server), HttpOptions()) as folder:
                peak = tracemalloc.get_traced_memory()[1]
                assert next(folder.iterdir()).stat().st_size == len(begin) + pixels
        finally:
            tracemalloc.stop()
    assert peak < 32 << 20
