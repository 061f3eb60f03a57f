"""Conversions to and from object stores write what conversions on a disk write, and survive what may come between."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli.verify import main as verify
from pipeline.conversion import run_conversion
from pipeline.io.deidentification.names import renamed
from pipeline.io.storage.address import split_address
from pipeline.io.storage.gcs import GcsBucket
from pipeline.io.storage.opening import open_bucket
from pipeline.model.config import Certificate, ConversionConfig
from pipeline.model.deidentification import Deidentify
from pipeline.model.errors import StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests import emulators
from tests.failing_proxy import HANG_UP, Proxy, proxied
from tests.graph.conversions import convert, published, statuses
from tests.sample import build_sample_slide


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small slide."""
    return build_sample_slide(tmp_path_factory.mktemp("slide") / "s.svs", columns=400, rows=300, tile=64)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, slide: Path) -> dict[str, bytes]:
    """Return what a conversion on the disk writes."""
    output = tmp_path_factory.mktemp("disk") / "out"
    convert(slide, output, run_frames=8)
    return published(output)


def convert_to(root: str, slide: Path | str, job: str, **options: object) -> dict[str, str]:
    """Convert a slide to an object store and return how it ended."""
    config = ConversionConfig(**{"output": root, "research_placeholder": True, "run_frames": 8} | options)  # type: ignore[arg-type]
    return statuses(run_conversion([SlideInput(uri=str(slide), slide_id="s.svs")], config, job=job))


def objects(root: str) -> dict[str, bytes]:
    """Return the objects below a prefix by their keys in it, but reports."""
    bucket, prefix = open_bucket(root), split_address(root).key + "/"
    names = [facts.key.removeprefix(prefix) for facts in bucket.listed(prefix)]
    return {name: bucket.load(prefix + name) or b"" for name in names if not name.startswith("_reports/")}


def test_the_same_bytes_are_written(object_root: str, slide: Path, expected: dict[str, bytes]) -> None:
    """A second run skips; nothing stays in the staging area."""
    assert convert_to(object_root, slide, "one", certificate=Certificate.FULL) == {"s.svs": "published"}
    found = objects(object_root)
    record = json.loads(found.pop("_state/s.svs.json"))
    assert found == expected
    assert record["stage"] == "done"
    assert convert_to(object_root, slide, "two") == {"s.svs": "skipped"}
    assert objects(object_root).keys() == {*expected, "_state/s.svs.json"}


def test_from_a_bucket_too(object_root: str, slide: Path, expected: dict[str, bytes]) -> None:
    """Where the slide lies changes nothing of what is written."""
    open_bucket(object_root).write(f"{split_address(object_root).key}/in/s.svs", slide.read_bytes())
    assert convert_to(f"{object_root}/out", f"{object_root}/in/s.svs", "one") == {"s.svs": "published"}
    found = objects(f"{object_root}/out")
    assert {name: data for name, data in found.items() if not name.startswith("_")} == expected


def test_overwrite_replaces_the_series(object_root: str, slide: Path, expected: dict[str, bytes]) -> None:
    """Other options are refused, and replace when asked; what the new series lacks goes."""
    assert convert_to(object_root, slide, "one") == {"s.svs": "published"}
    other = {"transfer_syntax": TransferSyntax.JPEG_2000_LOSSLESS, "levels": (0,)}
    assert convert_to(object_root, slide, "two", **other) == {"s.svs": "failed"}
    assert {name: data for name, data in objects(object_root).items() if not name.startswith("_")} == expected
    assert convert_to(object_root, slide, "three", overwrite=True, **other) == {"s.svs": "published"}
    found = objects(object_root)
    assert "s.svs/level-1.dcm" not in found
    assert found["s.svs/level-0.dcm"] != expected["s.svs/level-0.dcm"]
    assert not [name for name in found if name.startswith("_staging")]


def test_a_series_of_others_is_left_alone(object_root: str, slide: Path) -> None:
    """And what is no DICOM is not even replaced when asked."""
    place = f"{split_address(object_root).key}/s.svs/"
    bucket = open_bucket(object_root)
    bucket.write(f"{place}other.dcm", b"another series")
    assert convert_to(object_root, slide, "one") == {"s.svs": "failed"}
    bucket.write(f"{place}notes.txt", b"notes")
    assert convert_to(object_root, slide, "two", overwrite=True) == {"s.svs": "failed"}
    assert objects(object_root) == {"s.svs/notes.txt": b"notes", "s.svs/other.dcm": b"another series"}


def test_several_processes_write_one_series(object_root: str, slide: Path, expected: dict[str, bytes]) -> None:
    """Stores travel to the workers by name."""
    config = ConversionConfig(output=object_root, research_placeholder=True, run_frames=8)
    arguments = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    report = run_conversion([SlideInput(uri=str(slide), slide_id="s.svs")], config, arguments, job="many")
    assert statuses(report) == {"s.svs": "published"}
    assert {name: data for name, data in objects(object_root).items() if not name.startswith("_")} == expected


def test_a_series_is_verified_where_it_is(object_root: str, slide: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its output or by its own address; a byte that changed is found, and a slide that is not there told."""
    assert convert_to(object_root, slide, "one") == {"s.svs": "published"}
    assert verify([object_root, str(slide)]) == 0
    assert verify([f"{object_root}/s.svs", str(slide)]) == 0
    assert f"s.svs in {object_root} holds" in capsys.readouterr().out
    bucket, key = open_bucket(object_root), f"{split_address(object_root).key}/s.svs/level-0.dcm"
    data = bytearray(bucket.load(key) or b"")
    data[-500] ^= 1
    bucket.write(key, bytes(data))
    assert verify([object_root, str(slide)]) == 1
    assert "level-0.dcm" in capsys.readouterr().err
    assert verify([f"{object_root}/elsewhere", str(slide)]) == 1
    assert "holds no series of s.svs" in capsys.readouterr().err


def test_the_name_of_a_deidentified_slide_does_not_tell_where_it_lay(object_root: str, slide: Path) -> None:
    """It is made of the content, so that the slide has one name on the disk and in the bucket."""
    address = f"{object_root}/Doe^John.svs"
    open_bucket(object_root).write(split_address(address).key, slide.read_bytes())
    config = ConversionConfig(output=object_root, deidentify=Deidentify())
    names = [renamed([SlideInput(uri=uri, slide_id="s.svs")], config)[0].slide_id for uri in (address, str(slide))]
    assert names[0] == names[1]
    assert names[0].startswith("slide-")


def test_an_output_that_is_not_there_is_told_at_once(
    slide: Path, gcp_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any work is done."""
    emulators.use_gcs(gcp_emulator, monkeypatch.setenv)
    with pytest.raises(StorageError, match=r"^gs://no-such-bucket: there is no such bucket"):
        convert_to("gs://no-such-bucket/out", slide, "one")


@pytest.fixture
def proxy(fake_gcs: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Return a proxy before fake-gcs-server."""
    with proxied(fake_gcs) as proxy:
        emulators.use_gcs(proxy.url, monkeypatch.setenv)
        yield proxy


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_store_that_stumbles_changes_nothing(
    proxy: Proxy, slide: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    """Every seventh request fails, in turns with a status and by hanging up."""

    def stumble(number: int, path: str) -> None:
        if number % 7 == 0:
            with proxy.lock:
                proxy.failures.append(503 if number % 2 else HANG_UP)

    proxy.on_request = stumble
    root = f"gs://{emulators.BUCKET}/{tmp_path.name}"
    assert convert_to(root, slide, "one") == {"s.svs": "published"}
    proxy.on_request = None
    proxy.failures.clear()
    assert proxy.failed > 10
    assert {name: data for name, data in objects(root).items() if not name.startswith("_")} == expected


def command(slide: Path, root: str) -> list[str]:
    """Return the command line of a conversion in many runs."""
    options = ["--research-placeholder", "--run-frames", "8", "--quiet"]
    return [sys.executable, "-m", "pipeline.run", "--input", str(slide), "--output", root, *options]


@pytest.fixture(scope="module")
def requests_of_a_job(fake_gcs: str, slide: Path) -> int:
    """Return how many requests a job makes that nobody disturbs."""
    with proxied(fake_gcs) as proxy:
        environment = {**os.environ, "STORAGE_EMULATOR_HOST": proxy.url}
        subprocess.run(command(slide, f"gs://{emulators.BUCKET}/undisturbed"), check=True, env=environment)
        return proxy.requests


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99])
def test_a_job_that_is_killed_is_finished_by_the_next(
    proxy: Proxy, slide: Path, expected: dict[str, bytes], tmp_path: Path, requests_of_a_job: int, share: float
) -> None:
    """SIGKILL at a request of the job; the next run publishes the same bytes, and no half series is called done."""
    root = f"gs://{emulators.BUCKET}/{tmp_path.name}"
    kill_at = int(requests_of_a_job * share)

    with subprocess.Popen(command(slide, root), env=os.environ) as job:

        def kill(number: int, path: str) -> None:
            if number == kill_at:
                job.kill()

        proxy.on_request = kill
        assert job.wait() == -9
    proxy.on_request = None
    found = objects(root)
    record = found.get("_state/s.svs.json")
    if record is not None and json.loads(record)["stage"] == "done":
        assert {name: data for name, data in found.items() if not name.startswith("_")} == expected
    assert convert_to(root, slide, "next") in ({"s.svs": "published"}, {"s.svs": "skipped"})
    found = objects(root)
    assert json.loads(found["_state/s.svs.json"])["stage"] == "done"
    assert {name: data for name, data in found.items() if not name.startswith("_")} == expected
    assert not [name for name in found if name.startswith("_staging/next")]


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_job_that_is_stopped_leaves_nothing_in_the_staging_area(
    proxy: Proxy, slide: Path, tmp_path: Path, requests_of_a_job: int, share: float
) -> None:
    """Ctrl-C: what was begun is removed before the command ends."""
    root = f"gs://{emulators.BUCKET}/{tmp_path.name}"
    stop_at = int(requests_of_a_job * share)
    with subprocess.Popen(command(slide, root), env=os.environ, stderr=subprocess.PIPE, text=True) as job:

        def stop(number: int, path: str) -> None:
            if number == stop_at:
                job.send_signal(signal.SIGINT)

        proxy.on_request = stop
        told = job.communicate()[1]
    assert job.returncode == 130
    assert "Traceback" not in told
    assert [name for name in objects(root) if name.startswith("_staging")] == []


def test_two_jobs_at_once_do_not_mix(proxy: Proxy, slide: Path, tmp_path: Path) -> None:
    """Another job's file appears between the look at the place and the copy: the series is refused and takes back.

    The emulator enforces no precondition of a copy, so the proxy answers as the real store does.
    """
    root = f"gs://{emulators.BUCKET}/{tmp_path.name}"
    copies: list[str] = []

    def intrude(number: int, path: str) -> None:
        if "rewriteTo" not in path:
            return
        copies.append(path)
        if "level-0.dcm" in path:
            GcsBucket(emulators.BUCKET).write(f"{tmp_path.name}/s.svs/level-0.dcm", b"another job's")
            with proxy.lock:
                proxy.words = "rewriteTo"
                proxy.failures.append(412)

    proxy.on_request = intrude
    assert convert_to(root, slide, "one") == {"s.svs": "failed"}
    assert len(copies) == 2
    assert all("ifGenerationMatch=0" in path for path in copies)
    found = objects(root)
    assert {name: data for name, data in found.items() if not name.startswith("_")} == {
        "s.svs/level-0.dcm": b"another job's"
    }
    assert json.loads(found["_state/s.svs.json"])["stage"] == "intent"


def test_two_jobs_at_once_do_not_mix_on_s3(
    moto: str, slide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = f"s3://{emulators.BUCKET}/{tmp_path.name}"
    written: list[str] = []
    with proxied(moto) as proxy:
        emulators.use_s3(proxy.url, monkeypatch.setenv)

        def intrude(number: int, path: str) -> None:
            if path.endswith(f"{tmp_path.name}/s.svs/label.dcm") and not written:
                written.append(path)
                open_bucket(root).write(f"{tmp_path.name}/s.svs/level-0.dcm", b"another job's")

        proxy.on_request = intrude
        assert convert_to(root, slide, "one") == {"s.svs": "failed"}
        found = objects(root)
    assert {name: data for name, data in found.items() if not name.startswith("_")} == {
        "s.svs/level-0.dcm": b"another job's"
    }
