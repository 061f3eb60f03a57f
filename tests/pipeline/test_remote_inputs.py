"""Series on servers as inputs: what is one, and how a bad one ends a command."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.io.dicomweb.addresses import DicomwebSeries, OrthancSeries
from pipeline.io.dicomweb.http_options import HttpOptions
from pipeline.model.errors import ConfigError
from pipeline.remote_inputs import fetched_inputs, remote_series
from tests.io.dicomweb.servers import (
    ORTHANC_SERIES,
    SERIES,
    STUDY,
    Answer,
    Handler,
    body,
    dicomweb_answers,
    dicomweb_row,
    endless,
    instance_file,
    orthanc_answers,
    serving,
    status,
    unmeasured,
)

_FILE = instance_file()


def test_urls_name_dicomweb_series() -> None:
    expected = DicomwebSeries("https://host/dicom-web", "1.2", "3.4")
    for scheme in ("https", "dicomweb+https"):
        assert remote_series(f"{scheme}://host/dicom-web/studies/1.2/series/3.4", "http://other/") == expected


def test_an_id_names_a_series_of_orthanc() -> None:
    assert remote_series(ORTHANC_SERIES) == OrthancSeries("http://localhost:8042/", ORTHANC_SERIES)
    assert remote_series(ORTHANC_SERIES, "http://host") == OrthancSeries("http://host/", ORTHANC_SERIES)


@pytest.mark.parametrize("named", ["missing.svs", "./missing", "cohort/*", "gs://bucket/x", "s3://bucket/x", ".", "a*"])
@pytest.mark.parametrize("orthanc", ["", "http://host/"])
def test_paths_globs_and_objects_are_none(named: str, orthanc: str) -> None:
    assert remote_series(named, orthanc) is None


def test_a_path_that_is_there_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ORTHANC_SERIES).mkdir()
    monkeypatch.chdir(tmp_path)
    assert remote_series(ORTHANC_SERIES, "http://host/") is None


def test_with_a_server_a_word_is_an_id_and_without_one_a_path() -> None:
    assert remote_series("deadbeef") is None
    with pytest.raises(ConfigError, match="Unknown resource"):
        remote_series("deadbeef", "http://host/")


def test_series_take_their_places_among_paths() -> None:
    told: list[str] = []
    with serving(orthanc_answers(body(_FILE), len(_FILE)) | dicomweb_answers(body(_FILE))) as server:
        named = ["a.svs", ORTHANC_SERIES, f"{server.url}/dicom-web/studies/{STUDY}/series/{SERIES}", "b.svs"]
        with fetched_inputs(named, HttpOptions(), orthanc=server.url, tell=told.append) as inputs:
            assert [inputs[0], inputs[3]] == ["a.svs", "b.svs"]
            folders = [Path(one) for one in inputs[1:3]]
            assert [folder.name for folder in folders] == [ORTHANC_SERIES, SERIES]
            assert [path.read_bytes() for folder in folders for path in folder.iterdir()] == [_FILE, _FILE]
        assert not any(folder.parent.exists() for folder in folders)
    assert [line.partition(" in ")[0].split(" ", 1)[1] for line in told] == [f"fetched: 1 instance, {len(_FILE)} B"] * 2


def test_nothing_is_fetched_where_another_address_is_none() -> None:
    with serving(orthanc_answers(body(_FILE), len(_FILE))) as server:
        with (
            pytest.raises(ConfigError, match="names no series"),
            fetched_inputs([ORTHANC_SERIES, "https://host/studies/1.2"], HttpOptions(), orthanc=server.url),
        ):
            pass
        assert server.requests == []


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (status(401), "denies access (401)"),
        (status(302, Location="/again"), "redirects more than 5 times"),
        (endless(b"x" * 200), "no DICOM file"),
        (unmeasured(instance_file("1.2.3.4.6")), "another SOPInstanceUID"),
        (body(_FILE), "which is no UID"),
    ],
)
def test_a_bad_server_ends_the_command_with_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: Answer, words: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answers = dicomweb_answers(file, dicomweb_row("../x") if "no UID" in words else None)
    with serving(answers | {"/again": status(302, Location="/again")}) as server:
        address = f"{server.url}/dicom-web/studies/{STUDY}/series/{SERIES}"
        assert main(["export", address, str(tmp_path / "o.tif"), "--username", "me", "--password", "hunter2"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("slidebeam: error: ")
    assert words in line
    assert "hunter2" not in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_fetching_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    begun, leave = threading.Event(), threading.Event()

    def stall(handler: Handler) -> None:
        handler.begin(200, {"Content-Type": "application/dicom"})
        handler.wfile.write(_FILE[:300])
        begun.set()
        leave.wait(60)

    code = "from pipeline.cli.main import entry_point; entry_point()"
    with serving(dicomweb_answers(stall)) as server:
        address = f"{server.url}/dicom-web/studies/{STUDY}/series/{SERIES}"
        command = [sys.executable, "-c", code, "export", address, str(tmp_path / "o.tif")]
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            assert begun.wait(60)
            while not list(tmp_path.glob("*/*/*.dcm")):
                leave.wait(0.01)
            process.send_signal(number)
            _, told = process.communicate(timeout=60)
        leave.set()
    assert process.returncode == 130
    assert told == "slidebeam: stopped; slides that were finished stay, nothing is published half\n"
    assert list(tmp_path.iterdir()) == []
