"""Fixtures that every test may use: slides, tools, and a word at the end on which slides were there."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import emulators
from tests.orthanc import Orthanc, require_orthanc, running_orthanc
from tests.sample import build_sample_slide
from tests.tools import require_tool

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED_SLIDES = Path(os.environ.get("SLIDEBEAM_SHARED_SLIDES") or CHECKOUT.parent / "shared" / "slides")

# Machines differ and share their cores, so no example may fail for being slow; CI tries the same examples every time.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say whether the tests against real scanner files could run."""
    if SHARED_SLIDES.is_dir():
        line = f"shared slides: used, from {SHARED_SLIDES}"
    else:
        line = f"shared slides: not in {SHARED_SLIDES}, so tests of scanner files were skipped"
    terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def shared_slides() -> Path:
    """Return the folder of real scanner files, beside the checkout or named by SLIDEBEAM_SHARED_SLIDES."""
    if not SHARED_SLIDES.is_dir():
        pytest.skip(f"no shared slides in {SHARED_SLIDES} (set SLIDEBEAM_SHARED_SLIDES)")
    return SHARED_SLIDES


@pytest.fixture(scope="session")
def shared_tools(shared_slides: Path) -> Path:
    """Return the folder of scripts beside the shared slides."""
    tools = shared_slides.parent / "tools"
    if not tools.is_dir():
        pytest.skip(f"no shared tools in {tools}")
    return tools


@pytest.fixture(scope="session")
def sample_slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SVS of real tissue: RGB JPEG tiles of 240 pixels, three levels, label, macro and thumbnail."""
    return build_sample_slide(tmp_path_factory.mktemp("sample") / "sample.svs")


@pytest.fixture(scope="session")
def gcp_emulator() -> Iterator[str]:
    """Return the URL of gcp-storage-emulator, started for the session."""
    with emulators.gcp_storage_emulator() as url:
        yield url


@pytest.fixture(scope="session")
def fake_gcs() -> Iterator[str]:
    """Return the URL of fake-gcs-server, started for the session; skips where it is not built.

    CI builds it where Go is there, so that it is missing there for no good reason.
    """
    program = emulators.fake_gcs_server()
    if program is None:
        told = "fake-gcs-server is not built: make fake-gcs-server (needs Go)"
        if os.environ.get("CI") and shutil.which("go"):
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    with emulators.fake_gcs(program) as url:
        yield url


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Return the URL of moto's server, which speaks S3, started for the session."""
    pytest.importorskip("boto3", reason="the extra s3 is not installed")
    with emulators.moto_server() as url:
        yield url


@pytest.fixture(params=["gcp-storage-emulator", "fake-gcs-server", "moto"])
def object_root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URI of an empty prefix in each of the emulators; the environment leads there."""
    if request.param == "moto":
        emulators.use_s3(request.getfixturevalue("moto"), monkeypatch.setenv)
        scheme = "s3"
    else:
        fixture = "fake_gcs" if request.param == "fake-gcs-server" else "gcp_emulator"
        emulators.use_gcs(request.getfixturevalue(fixture), monkeypatch.setenv)
        scheme = "gs"
    return f"{scheme}://{emulators.BUCKET}/{tmp_path.parent.name}/{tmp_path.name}"


@pytest.fixture(scope="session")
def dciodvfy() -> Path:
    """Return the path of dciodvfy, the DICOM validator of dicom3tools."""
    return require_tool("dciodvfy", "dicom3tools")


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Return an empty Orthanc without authentication, started for the session; tests remove what they upload."""
    with running_orthanc(require_orthanc(), tmp_path_factory.mktemp("orthanc")) as server:
        yield server


@pytest.fixture(scope="session")
def guarded_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Return an Orthanc that asks for a user and a password, started for the session."""
    folder = tmp_path_factory.mktemp("guarded-orthanc")
    with running_orthanc(require_orthanc(), folder, users={"pathologist": "s3cret:word"}) as server:
        yield server
