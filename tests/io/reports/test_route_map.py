"""Which way each tile of a level went, out of certificates and headers of real conversions."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from pipeline.conversion import run_conversion
from pipeline.io.reports.converted import ConvertedSlide, find_converted
from pipeline.io.reports.route_map import NO_FRAME, Fate, LevelRoutes, Way, route_maps
from pipeline.model.config import ConversionConfig, MissingTiles, OpticalPaths
from pipeline.model.errors import ConfigError, SourceError, StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.reasons import Reason, Route
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.graph import stacks
from tests.graph.conversions import convert
from tests.io.sources.tiffs import rewrite_svs
from tests.sample import build_sample_slide, draw_tissue
from tests.sample_tiles import TileEncoding, cut_tiles, encode_jpeg

MISSING = {0, 5, 11, 12, 55}
OTHER_COLOUR = {20, 30, 31}
TILE, TILES = 64, 56
PASSED = Way(Route.PASSTHROUGH, None)
DIFFERS = Way(Route.ENCODE, Reason.DIFFERS_FROM_PLAN)
FILLED = Way(Route.BACKGROUND, Reason.MISSING_TILE)
AVERAGED = Way(Route.ENCODE, Reason.LEVEL_AVERAGED)


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a slide of one level that lacks tiles, and has some of another colour model."""
    folder = tmp_path_factory.mktemp("slide")
    plain = build_sample_slide(folder / "plain.svs", columns=500, rows=400, tile=TILE, empty_tiles=MISSING)
    drawn = list(cut_tiles(draw_tissue(400, 500), TILE, TILE))
    changes = {number: encode_jpeg(drawn[number], TileEncoding.JPEG_YCBCR_420) for number in OTHER_COLOUR}
    return rewrite_svs(folder / "s.svs", plain, changes)


def maps_of(output: Path, slide_id: str = "s.svs") -> list[LevelRoutes]:
    """Return the maps of a slide in an output."""
    return route_maps(ConvertedSlide(output=str(output), slide_id=slide_id))


def tiles_by_way(level: LevelRoutes, path: int = 0, plane: int = 0) -> dict[Way, set[int]]:
    """Return the numbers of the tiles that went each way, in one plane."""
    codes = level.tiles[path, plane]
    return {way: set(np.flatnonzero(codes == n).tolist()) for n, way in enumerate(level.ways) if (codes == n).any()}


@pytest.mark.parametrize("parts", [None, 100_000])
def test_every_tile_has_its_way(slide: Path, tmp_path: Path, parts: int | None) -> None:
    """In one file, and in the parts of a concatenation."""
    convert(slide, tmp_path, max_instance_bytes=parts, add_missing_levels=True)
    files = list((tmp_path / "s.svs").glob("level-0*.dcm"))
    assert (len(files) > 1) == (parts is not None)
    base, *lower = maps_of(tmp_path)
    assert (base.level, base.grid.columns, base.grid.tile_columns) == (0, 500, TILE)
    assert tiles_by_way(base) == {
        PASSED: set(range(TILES)) - MISSING - OTHER_COLOUR,
        DIFFERS: OTHER_COLOUR,
        FILLED: MISSING,
    }
    assert [share.tiles for share in base.shares()] == [48, 3, 5]
    assert [level.level for level in lower] == list(range(1, 1 + len(lower)))
    assert {way for level in lower for way in tiles_by_way(level)} == {AVERAGED}
    assert AVERAGED.fate is Fate.AVERAGED


@pytest.mark.parametrize("parts", [None, 100_000])
def test_tiles_without_a_frame(slide: Path, tmp_path: Path, parts: int | None) -> None:
    convert(slide, tmp_path, missing_tiles=MissingTiles.SPARSE, max_instance_bytes=parts)
    (base,) = maps_of(tmp_path)
    assert tiles_by_way(base) == {
        PASSED: set(range(TILES)) - MISSING - OTHER_COLOUR,
        DIFFERS: OTHER_COLOUR,
        NO_FRAME: MISSING,
    }
    assert NO_FRAME.fate is Fate.NO_FRAME
    assert [share.way.fate for share in base.shares()] == [Fate.PASSED, Fate.ENCODED, Fate.NO_FRAME]


def test_recompressed_tiles(slide: Path, tmp_path: Path) -> None:
    convert(slide, tmp_path, transfer_syntax=TransferSyntax.JPEG_XL_RECOMPRESSION)
    ways = tiles_by_way(maps_of(tmp_path)[0])
    assert ways[Way(Route.RECOMPRESSED, None)] >= set(range(TILES)) - MISSING - OTHER_COLOUR


@pytest.mark.parametrize("arrangement", OpticalPaths)
def test_planes_are_told_apart(tmp_path: Path, arrangement: OpticalPaths) -> None:
    """Three channels of five focal planes: together in an instance, and each channel in its own."""
    slide = stacks.fluorescence(tmp_path)
    convert(slide, tmp_path / "out", optical_paths=arrangement)
    base, lower = maps_of(tmp_path / "out", slide.name)
    assert base.optical_paths == ("0", "1", "2")
    assert base.heights_um == tuple(stacks.STEP_UM * number for number in range(5))
    assert base.tiles.shape == (3, 5, base.grid.frames)
    assert sum(share.tiles for share in base.shares()) == 15 * base.grid.frames
    assert sum(share.tiles for share in base.shares(optical_path=1)) == 5 * base.grid.frames
    assert sum(share.tiles for share in base.shares(2, 4)) == base.grid.frames
    assert {way.fate for level in (base, lower) for way in tiles_by_way(level, 2, 4)} == {Fate.ENCODED}


def test_uneven_focal_planes(tmp_path: Path) -> None:
    slide = stacks.uneven(tmp_path)
    convert(slide, tmp_path / "out")
    assert maps_of(tmp_path / "out", slide.name)[0].heights_um == stacks.UNEVEN_UM


def test_levels_have_the_numbers_of_their_files(sample_slide: Path, tmp_path: Path) -> None:
    convert(sample_slide, tmp_path, levels=(1, 2))
    assert [level.level for level in maps_of(tmp_path, sample_slide.name)] == [1, 2]


def test_objects_are_read_where_they_are(slide: Path, object_root: str) -> None:
    config = ConversionConfig(output=object_root, research_placeholder=True)
    run_conversion([SlideInput(uri=str(slide), slide_id="s.svs")], config, job="one")
    for place in (object_root, f"{object_root}/s.svs"):
        (found,) = find_converted(place)
        assert (found.output, found.slide_id) == (object_root, "s.svs")
        (base,) = route_maps(found)
        assert tiles_by_way(base)[FILLED] == MISSING
    assert find_converted(f"{object_root}/s.svs/", "s.svs")[0].slide_id == "s.svs"
    with pytest.raises(ConfigError, match="no output of a conversion"):
        find_converted(f"{object_root}/s.sv")


@pytest.fixture
def output(slide: Path, tmp_path: Path) -> Path:
    """Return an output of the slide."""
    convert(slide, tmp_path / "out")
    return tmp_path / "out"


def test_a_certificate_that_is_gone(output: Path) -> None:
    (output / "_reports/certificates/s.svs/level-0.parquet").unlink()
    with pytest.raises(ConfigError, match=r"no certificate of level-0 .* convert the slide with --force"):
        maps_of(output)


def test_a_certificate_of_another_conversion(output: Path) -> None:
    path = output / "_reports/certificates/s.svs/level-0.parquet"
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).slice(1), path)
    with pytest.raises(ConfigError, match=r"has 55 frames, .* 56: it is of another conversion"):
        maps_of(output)


@pytest.mark.parametrize("table", [b"PAR1", None, {"route": ["flown"] * TILES}, {"reason": ["bored"] * TILES}])
def test_a_damaged_certificate(output: Path, table: bytes | dict[str, list[str]] | None) -> None:
    path = output / "_reports/certificates/s.svs/level-0.parquet"
    if isinstance(table, bytes):
        path.write_bytes(table)
    else:
        columns = {"route": ["encode"] * TILES, "reason": [""] * TILES} | table if table else {"frame": [1]}
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    with pytest.raises(StorageError, match=r"certificate _reports/certificates/s\.svs/level-0\.parquet .* is damaged"):
        maps_of(output)


def test_a_file_that_is_gone_or_another(output: Path, sample_slide: Path, tmp_path: Path) -> None:
    convert(sample_slide, tmp_path / "other", levels=(0,))
    shutil.copy(tmp_path / "other" / sample_slide.name / "level-0.dcm", output / "s.svs" / "level-0.dcm")
    with pytest.raises(StorageError, match="has 130 frames, and 56 were written"):
        maps_of(output)
    (output / "s.svs/level-0.dcm").unlink()
    with pytest.raises(SourceError, match=r"level-0\.dcm cannot be read"):
        maps_of(output)


def test_a_series_that_is_not_finished(output: Path) -> None:
    path = output / "_state/s.svs.json"
    path.write_text(path.read_text().replace('"done"', '"intent"'))
    with pytest.raises(ConfigError, match="is not finished; run its conversion again"):
        maps_of(output)


def test_retiled_tiles(shared_slides: Path, tmp_path: Path) -> None:
    """Strips of an NDPI become frames of their own."""
    slide = shared_slides / "synthetic" / "SYN-ndpi-z3.ndpi"
    convert(slide, tmp_path, levels=(1,))
    (level,) = maps_of(tmp_path, slide.name)
    assert [share.way.fate for share in level.shares()] == [Fate.RETILED]
    assert len(level.heights_um) == 3
