"""DICOM slides that become a TIFF each, whatever files they are in and whatever works on them."""

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import openslide
import pydicom
import pytest
import pyvips
import tifffile
from pydicom.pixels import pixel_array

from tests.engines.programs import Program, prism, prism_program, worker_pools
from tests.pipeline.batch.places import Places, contents, files


def copy_of(data: bytes, **values: object) -> bytes:
    """Return a DICOM file with other values."""
    dataset = pydicom.dcmread(io.BytesIO(data))
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    written = io.BytesIO()
    dataset.save_as(written)
    return written.getvalue()


def tissue(folder: Path) -> np.ndarray:
    """Return the pixels of the base level of a DICOM slide, (rows, columns, 3), as decoded and without ICC."""
    dataset = pydicom.dcmread(folder / "level-0.dcm")
    frames = pixel_array(dataset)
    edge = dataset.Rows
    across = -(-dataset.TotalPixelMatrixColumns // edge)
    rows = [np.concatenate(list(frames[at : at + across]), axis=1) for at in range(0, len(frames), across)]
    return np.concatenate(rows)[: dataset.TotalPixelMatrixRows, : dataset.TotalPixelMatrixColumns]


@pytest.fixture
def job_server(tmp_path: Path) -> Iterator[Program]:
    """Return Prism, as a job server; skips where it is not built."""
    program = prism_program()
    if program is None:
        pytest.skip("Prism is not built: make prism (needs Go)")
    with prism(program, tmp_path / "prism") as server:
        yield server


def test_bc4_a_file_becomes_a_tiff_and_sub_folders_stay(places: Places, level: bytes) -> None:
    originals = {"a.dcm": level, "x/a.dicom": level, "x/y/B.DCM": level}
    for name, content in originals.items():
        places.put(name, content)
    assert places.run() == 0
    assert files(places.serving) == ["a.tiff", "x/a.tiff", "x/y/B.tiff"]
    assert contents(places.archive) == originals
    assert list(places.inbox.iterdir()) == []


def test_bc14_a_folder_of_levels_is_one_slide(places: Places, series: Path) -> None:
    """Levels, label and overview; and beside it the files of two series in one folder."""
    shutil.copytree(series, places.inbox / "case")
    originals = {f"case/{name}": content for name, content in contents(series).items()}
    assert places.run() == 0
    assert files(places.serving) == ["case.tiff"]
    assert contents(places.archive) == originals
    assert list(places.inbox.iterdir()) == []
    with openslide.OpenSlide(places.serving / "case.tiff") as slide:
        assert slide.dimensions == (1200, 900)
        assert slide.level_count >= 3


@pytest.mark.parametrize("folder", ["", "mixed"])
def test_bc14_series_side_by_side_are_a_slide_each(
    folder: str, places: Places, series: Path, other_series: Path
) -> None:
    """Each is named after its base, in the inbox itself and below."""
    originals = {
        str(Path(folder, f"{slide}-{name}")): content
        for slide, source in (("one", series), ("two", other_series))
        for name, content in contents(source).items()
    }
    for name, content in originals.items():
        places.put(name, content)
    assert places.run() == 0
    prefix = f"{folder}/" if folder else ""
    assert files(places.serving) == [f"{prefix}one-level-0.tiff", f"{prefix}two-level-0.tiff"]
    assert contents(places.archive) == originals
    sizes = []
    for name in files(places.serving):
        with openslide.OpenSlide(places.serving / name) as slide:
            sizes.append(slide.dimensions)
    assert sizes == [(1200, 900), (700, 600)]


def test_bc14_a_series_with_a_damaged_file_is_not_served_without_it(
    places: Places, other_series: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(other_series, places.inbox / "case")
    (places.inbox / "case" / "level-0.dcm").write_bytes((other_series / "level-0.dcm").read_bytes()[:300])
    before = contents(places.inbox)
    assert places.run() == 1
    assert "case/level-0.dcm beside it is damaged, and may be a part of it" in capsys.readouterr().err
    assert contents(places.inbox) == before
    assert files(places.serving) == []


def test_bc15_equal_names_do_not_collide(places: Places, level: bytes) -> None:
    other = copy_of(level, SeriesInstanceUID="1.2.3", SOPInstanceUID="1.2.3.1")
    originals = {
        "a.dcm": level,
        "a.svs": b"svs",
        "x/a.dcm": level,
        "y/a.dcm": other,
        "y/a.tiff": b"t",
        "z/a.dcm": level,
    }
    originals |= {"z/a.dicom": other}
    for name, content in originals.items():
        places.put(name, content)
    assert places.run("--max-concurrent", "7") == 0
    names = ["a.svs", "a.tiff", "x/a.tiff", "y/a.dcm.tiff", "y/a.tiff", "z/a.dcm.tiff", "z/a.dicom.tiff"]
    assert files(places.serving) == names
    assert (places.serving / "y" / "a.tiff").read_bytes() == b"t"
    assert contents(places.archive) == originals


def test_bc15_names_of_the_archive_are_kept(places: Places, level: bytes) -> None:
    """A slide that comes a day later is not taken for the one that is served under its name."""
    places.put("a.tiff", b"t")
    assert places.run() == 0
    places.put("a.dcm", level)
    assert places.run() == 0
    assert files(places.serving) == ["a.dcm.tiff", "a.tiff"]
    assert files(places.archive) == ["a.dcm", "a.tiff"]


def test_bc15_copies_of_one_file_are_slides_of_their_own(places: Places, level: bytes) -> None:
    for name in ("a.dcm", "b.dcm"):
        places.put(name, level)
    assert places.run() == 0
    assert files(places.serving) == ["a.tiff", "b.tiff"]
    assert len(set(contents(places.serving).values())) == 1


class Repeated:
    """Serves the same slides again and again, each time into other folders."""

    def __init__(self, folder: Path, slides: dict[str, bytes]) -> None:
        self._folder = folder
        self._slides = slides
        self._times = 0

    def served(self, *options: str) -> dict[str, bytes]:
        """Return the bytes of what is served with these options."""
        self._times += 1
        places = Places(*(self._folder / f"{name}-{self._times}" for name in ("inbox", "serving", "archive")))
        for name, content in self._slides.items():
            places.put(name, content)
        assert places.run(*options) == 0
        return contents(places.serving)


@pytest.fixture
def repeated(tmp_path: Path, series: Path, level: bytes) -> Repeated:
    """Return what serves three slides."""
    case = {f"case/{name}": content for name, content in contents(series).items()}
    return Repeated(tmp_path, {**case, "a.dcm": level, "x/b.dcm": level})


@pytest.mark.slow
def test_bc20_how_many_work_does_not_show(repeated: Repeated) -> None:
    """Slide by slide, three at once, and in two worker processes: the same bytes."""
    expected = repeated.served("-c1")
    assert set(expected) == {"case.tiff", "a.tiff", "x/b.tiff"}
    assert repeated.served("-c3") == expected
    assert repeated.served("-c2", "--direct_running_mode=multi_processing") == expected


@pytest.mark.slow
def test_bc20_what_runs_the_graph_does_not_show(repeated: Repeated, job_server: Program, tmp_path: Path) -> None:
    """Beam's own choice of an engine in this process, and the protocol that Flink's runner speaks."""
    expected = repeated.served()
    assert repeated.served("--runner=DirectRunner") == expected
    with worker_pools(tmp_path, 1) as (pool,):
        portable = (f"--job_endpoint={job_server.address}", f"--environment_config={pool.address}")
        found = repeated.served("--runner=PortableRunner", "--environment_type=EXTERNAL", *portable)
    assert found == expected


def test_bc_c1_a_pyramidal_bigtiff_without_profile(places: Places, series: Path) -> None:
    shutil.copytree(series, places.inbox / "case")
    assert places.run() == 0
    with tifffile.TiffFile(places.serving / "case.tiff") as tiff:
        assert tiff.is_bigtiff
        levels = [page for page in tiff.pages if page.is_tiled]
        assert len(levels) >= 3
        assert [(page.tilewidth, page.tilelength) for page in levels] == [(256, 256)] * len(levels)
        assert levels[0] is tiff.pages[0]
        assert tiff.pages[0].tags[254].value == 0
        assert all(page.tags[254].value & 1 for page in tiff.pages[1:])
        for page in tiff.pages:
            assert 34675 not in page.tags
            assert page.samplesperpixel == 3
            assert page.compression.name == "JPEG"


@pytest.mark.parametrize("options", [(), ("--quality", "90"), ("--tile-size", "240")])
def test_bc_c2_three_readers_find_the_pixels(options: tuple[str, ...], places: Places, series: Path) -> None:
    shutil.copytree(series, places.inbox / "case")
    assert places.run(*options) == 0
    path = places.serving / "case.tiff"
    expected = tissue(series).astype(int)

    def by_openslide() -> np.ndarray:
        with openslide.OpenSlide(path) as slide:
            return np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB"))

    readers: tuple[Callable[[], np.ndarray], ...] = (
        by_openslide,
        lambda: pyvips.Image.new_from_file(str(path)).numpy(),
        lambda: tifffile.imread(path, key=0),
    )
    for read in readers:
        found = read()
        assert found.shape == expected.shape
        assert np.abs(found.astype(int) - expected).mean() <= 3


def test_the_quality_is_that_of_encoded_tiles(places: Places, level: bytes) -> None:
    """Tiles that need not be cut are copied; with `--reencode` all have the quality."""
    sizes = []
    for number, options in enumerate((("-q", "50"), ("-q", "50", "--reencode"), ("-q", "95", "--reencode"))):
        places.put(f"{number}.dcm", level)
        assert places.run(*options) == 0
        sizes.append((places.serving / f"{number}.tiff").stat().st_size)
    copied, low, high = sizes
    assert low < copied
    assert low < high


@pytest.mark.parametrize("option", [(), ("--keep-icc",)])
def test_the_profile_is_kept_if_asked_for(option: tuple[str, ...], places: Places, level: bytes) -> None:
    places.put("a.dcm", level)
    assert places.run(*option) == 0
    profile = pydicom.dcmread(io.BytesIO(level)).OpticalPathSequence[0].ICCProfile
    with tifffile.TiffFile(places.serving / "a.tiff") as tiff:
        tag = tiff.pages[0].tags.get(34675)
        assert (bytes(tag.value) == profile.rstrip(b"\0") or bytes(tag.value) == profile) if option else tag is None
