"""Bugs 33 to 36: focal planes, optical paths, mosaics and regions, of which none may get lost."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from pipeline.io.sources import open_source
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.acceptance.peer_bugs.written import header, levels, matrices, matrix, spacing
from tests.graph.conversions import convert, published, statuses
from tests.io.sources.czi.czi_files import block, metadata_xml, write_czi
from tests.io.sources.ndpi import slides as ndpi
from tests.io.sources.ome_tiffs import COLUMNS, ROWS, gray_planes, ome_image, ome_xml, write_ome_tiff
from tests.io.sources.vendor_files import Region, ScnSlide, page_pixels
from tests.sample import draw_tissue

NATIVE = TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN
CHANNELS = 12
NAMES = [f"{name} {number}" for number, name in enumerate(("DAPI", "CD8", "FoxP3", "CD3", "CK", "PD-L1") * 2)]
WAVELENGTHS = [400 + 17 * (number * 7 % CHANNELS) for number in range(CHANNELS)]


def test_bug_33_all_focal_planes_are_converted(tmp_path: Path) -> None:
    """From glass to coverslip, whatever their order in the file; in the frame order of TILED_FULL."""
    pictures = {z: np.ascontiguousarray(np.roll(draw_tissue(256, 256), z // 50, axis=1)) for z in (0, -2000, 2000)}
    made = [ndpi.level(picture, 4, 20.0, z_nm=z) for z, picture in pictures.items()]
    slide = ndpi.write_ndpi(tmp_path / "s.ndpi", made)
    convert(slide, tmp_path / "out")
    file = tmp_path / "out/s.ndpi/level-0.dcm"
    instance = header(file)
    assert instance.TotalPixelMatrixFocalPlanes == 3
    measures = instance.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert float(measures.SpacingBetweenSlices) == pytest.approx(0.002)
    planes = matrices(file)
    assert len(planes) == 3
    jpegs = dict(zip(pictures, made, strict=True))
    for z, plane in zip((-2000, 0, 2000), planes, strict=True):
        assert np.array_equal(plane, imagecodecs.jpeg8_decode(jpegs[z].jpeg))


@pytest.fixture(scope="module")
def twelve_channels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of fluorescence whose channels have names in no order."""
    channels = "".join(
        f'<Channel ID="Channel:0:{n}" Name="{name}" SamplesPerPixel="1" ExcitationWavelength="{wavelength}" '
        'ExcitationWavelengthUnit="nm"/>'
        for n, (name, wavelength) in enumerate(zip(NAMES, WAVELENGTHS, strict=True))
    )
    sizes = 'PhysicalSizeX="0.5" PhysicalSizeY="0.5"'
    image = ome_image(sizes="CZT", counts=(CHANNELS, 1, 1), attributes=sizes, inside=f"{channels}<TiffData/>")
    path = tmp_path_factory.mktemp("channels") / "s.ome.tif"
    return write_ome_tiff(path, ome_xml(image), gray_planes(CHANNELS), levels=2)


def test_bug_34_optical_paths_are_in_the_order_of_the_source(twelve_channels: Path, tmp_path: Path) -> None:
    """In the sequence, in the frames, and at every level."""
    convert(twelve_channels, tmp_path, transfer_syntax=NATIVE, add_missing_levels=True)
    files = levels(tmp_path / "s.ome.tif")
    assert len(files) >= 2
    for file in files:
        instance = header(file)
        paths = instance.OpticalPathSequence
        assert [path.OpticalPathDescription for path in paths] == NAMES
        assert [path.IlluminationWaveLength for path in paths] == WAVELENGTHS
        assert len({path.OpticalPathIdentifier for path in paths}) == instance.NumberOfOpticalPaths == CHANNELS
    planes = matrices(files[0])
    for plane, drawn in zip(planes, gray_planes(CHANNELS), strict=True):
        assert np.array_equal(plane.squeeze(), drawn)
    for plane, drawn in zip(matrices(files[1]), gray_planes(CHANNELS), strict=True):
        assert np.array_equal(plane.squeeze(), drawn[::2, ::2])


def test_bug_34_the_order_does_not_hang_on_the_seed_of_hashes(twelve_channels: Path, tmp_path: Path) -> None:
    """A set of strings has another order in each process; the files have not."""
    written = []
    for seed in ("1", "2"):
        output = tmp_path / seed
        command = [sys.executable, "-m", "pipeline.run", "--input", str(twelve_channels), "--output", str(output)]
        done = subprocess.run(
            [*command, "--research-placeholder", "--quiet"],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        written.append(published(output))
    assert written[0] == written[1]
    assert len(written[0]) == 2


def test_bug_35_a_czi_mosaic_has_no_gaps_whatever_the_threads(tmp_path: Path) -> None:
    """Stripes of five rows and blocks that overlap, of several codecs, read by eight threads at once."""
    picture = draw_tissue(600, 640)
    stripes = [block(picture[y : y + 5], 0, y, "zstd0", M=y) for y in range(0, 300, 5)]
    blocks = [
        block(picture[y : y + 120, x : x + 180], x, y, ("none", "zstd1")[x % 2], M=1000 + y + x // 100)
        for y in range(300, 600, 100)
        for x in range(0, 640, 157)
    ]
    slide = write_czi(tmp_path / "s.czi", [*stripes, *blocks], metadata_xml())
    with open_source(str(slide)) as source:
        grid = source.describe().levels[0].grid
        assert (grid.columns, grid.rows) == (640, 600)

        def read(number: int) -> Pixels:
            x, y = number * 97 % 440, number * 61 % 400
            region: Pixels = source.read_region(0, x, y, 200, 200)
            assert np.array_equal(region, picture[y : y + 200, x : x + 200])
            return region

        with ThreadPoolExecutor(8) as threads:
            assert len(list(threads.map(read, range(64), timeout=120))) == 64
    report = convert(slide, tmp_path / "out", transfer_syntax=NATIVE, threads=4, run_frames=1)
    assert statuses(report) == {"s.czi": "published"}
    assert np.array_equal(matrix(tmp_path / "out/s.czi/level-0.dcm"), picture)


REGIONS = (
    Region(name="tissue", columns=301, rows=203, offset_nm=(500_000, 1_000_000)),
    Region(name="control", columns=160, rows=120, offset_nm=(2_000_000, 3_000_000)),
    Region(name="edge", columns=130, rows=99, offset_nm=(100_000, 6_000_000), nm_per_pixel=250),
)


def test_bug_36_every_region_of_a_scn_is_a_series(tmp_path: Path) -> None:
    """With its own pixels, scale and place; of one study and in one frame of reference."""
    slide = ScnSlide(regions=REGIONS).write(tmp_path / "s.scn")
    report = convert(slide, tmp_path / "out")
    assert statuses(report) == {f"s.scn/scene-{number}": "published" for number in (1, 2, 3)}
    instances = []
    for number, region in enumerate(REGIONS, start=1):
        folder = tmp_path / f"out/s.scn/scene-{number}"
        instance = header(folder / "level-0.dcm")
        instances.append(instance)
        assert (instance.TotalPixelMatrixColumns, instance.TotalPixelMatrixRows) == (region.columns, region.rows)
        assert spacing(instance) == pytest.approx([region.nm_per_pixel / 1e6] * 2)
        stored = page_pixels(slide, 2 * number - 1)
        assert np.abs(matrix(folder / "level-0.dcm").astype(int) - stored).max() <= 2
    assert len({instance.SeriesInstanceUID for instance in instances}) == 3
    assert len({instance.PyramidUID for instance in instances}) == 3
    assert len({instance.StudyInstanceUID for instance in instances}) == 1
    assert len({instance.FrameOfReferenceUID for instance in instances}) == 1
    places = [instance.TotalPixelMatrixOriginSequence[0] for instance in instances]
    x = [float(place.XOffsetInSlideCoordinateSystem) for place in places]
    y = [float(place.YOffsetInSlideCoordinateSystem) for place in places]
    # Right in the picture is -Y of the slide, down is -X.
    assert [y[0] - y[1], x[0] - x[1]] == pytest.approx([1.5, 2.0])
    assert [y[0] - y[2], x[0] - x[2]] == pytest.approx([-0.4, 5.0])


def test_bug_36_every_scene_of_a_czi_is_a_series(tmp_path: Path) -> None:
    pictures = [np.ascontiguousarray(draw_tissue(ROWS + 40 * n, COLUMNS)) for n in range(3)]
    blocks = [block(picture, 100 + 300 * n, 200 + 400 * n, S=n) for n, picture in enumerate(pictures)]
    slide = write_czi(tmp_path / "s.czi", blocks, metadata_xml())
    report = convert(slide, tmp_path / "out", transfer_syntax=NATIVE)
    assert statuses(report) == {f"s.czi/scene-{number}": "published" for number in (1, 2, 3)}
    for number, picture in enumerate(pictures, start=1):
        assert np.array_equal(matrix(tmp_path / f"out/s.czi/scene-{number}/level-0.dcm"), picture)
