"""Slides in a bucket are the slides on the disk: the same description, fingerprint, tiles and pixels."""

from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from pipeline.io.sources import open_source
from pipeline.io.storage.gcs import GcsBucket
from pipeline.model.errors import SourceError
from tests import emulators
from tests.failing_proxy import Proxy, proxied
from tests.io.sources.openslide_slides import write_vms
from tests.sample import build_sample_slide

STREAMED = (
    "aperio/CMU-1-Small-Region.svs",
    "generic-tiff/kidney-48-5.tif",
    "generic-tiff/large_image-yb10kx5k.zstd.tiff",
    "hamamatsu/test3-DAPI-2-387.ndpi",
    "ome-tiff/multi-channel-z-series.ome.tif",
    "zeiss-czi/RGB-8bit.czi",
    "dicom/jcupitt-cmu1-small-region",
    "dicom/highdicom-sm_image.dcm",
)


@pytest.fixture
def proxy(fake_or_emulator: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Proxy]:
    """Return a proxy that counts what is read; gs:// leads to it, and the cache is a folder of the test's."""
    monkeypatch.setenv("SLIDEBEAM_CACHE", str(tmp_path / "cache"))
    with proxied(fake_or_emulator) as proxy:
        emulators.use_gcs(proxy.url, monkeypatch.setenv)
        yield proxy


@pytest.fixture
def fake_or_emulator(request: pytest.FixtureRequest) -> str:
    """Return the URL of the faster emulator that is there."""
    url: str = request.getfixturevalue("fake_gcs" if emulators.fake_gcs_server() else "gcp_emulator")
    return url


def put(path: Path, prefix: str) -> str:
    """Put a file, or a folder, into the bucket and return its URI."""
    bucket = GcsBucket(emulators.BUCKET)
    for file in [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]:
        bucket.write(f"{prefix}/{file.relative_to(path.parent).as_posix()}", file.read_bytes())
    return f"{bucket.uri}/{prefix}/{path.name}"


def compare(path: Path, uri: str) -> None:
    """Assert that a slide is the same on the disk and in the bucket."""
    with open_source(str(path)) as local, open_source(uri) as remote:
        assert remote.describe() == local.describe()
        assert remote.fingerprint() == local.fingerprint()
        for image in local.describe().images:
            first = image.grid.frames // 2
            if image.lossless_frames:
                count = min(2, image.grid.frames - first)
                ours, theirs = (s.read_tiles(image.index, first, count) for s in (local, remote))
                assert [bytes(tile) for tile in ours] == [bytes(tile) for tile in theirs]
            columns, rows = min(300, image.grid.columns), min(200, image.grid.rows)
            region = (image.index, image.grid.columns - columns, image.grid.rows - rows, columns, rows)
            assert np.array_equal(remote.read_region(*region), local.read_region(*region))


@pytest.mark.parametrize("name", STREAMED)
def test_the_slide_is_the_same(shared_slides: Path, proxy: Proxy, tmp_path: Path, name: str) -> None:
    path = shared_slides / name
    compare(path, put(path, f"same/{tmp_path.name}"))
    assert not (tmp_path / "cache").exists()


def test_a_picture_is_the_same(proxy: Proxy, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    pixels = np.arange(300 * 200 * 3, dtype=np.uint32).reshape(200, 300, 3).astype(np.uint8)
    path.write_bytes(imagecodecs.png_encode(pixels))
    compare(path, put(path, f"pictures/{tmp_path.name}"))


def test_files_that_the_slide_names_come_with_it(proxy: Proxy, tmp_path: Path) -> None:
    """OpenSlide reads VMS from files beside it; nothing streams there."""
    folder = tmp_path / "slide"
    folder.mkdir()
    path = write_vms(folder / "slide.vms")
    uri = put(folder, f"vms/{tmp_path.name}")
    compare(path, f"{uri}/slide.vms")
    assert (tmp_path / "cache").exists()


def test_a_tile_is_read_without_its_slide(proxy: Proxy, tmp_path: Path) -> None:
    """Of a file of 40 MB less than a tenth is read to open it and take a run of tiles."""
    path = build_sample_slide(tmp_path / "large.svs")
    with path.open("ab") as file:
        file.write(bytes(36_000_000))
    uri = put(path, f"ranges/{tmp_path.name}")
    before = proxy.bytes_out
    with open_source(uri) as source:
        tiles = source.read_tiles(0, 10, 16)
    read = proxy.bytes_out - before
    assert sum(map(len, tiles)) < read < path.stat().st_size / 10


def test_what_is_not_there_is_told(proxy: Proxy) -> None:
    with pytest.raises(SourceError, match=r"gs://slides/nothing/here\.svs does not exist"):
        open_source("gs://slides/nothing/here.svs")
