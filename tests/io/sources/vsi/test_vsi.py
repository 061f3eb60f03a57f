"""Olympus VSI, built from Bio-Formats' description: no scanned file was at hand."""

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.codecs.contract import PassedTile
from pipeline.io.sources import SlideSource, open_source
from pipeline.model.errors import SourceError, TileError
from pipeline.model.source import Compression, ImageKind, SourceImage
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.contracts.sources import SlideSourceContract
from tests.io.sources.damage import flip_bytes, read_all
from tests.io.sources.vsi import vsi_files as vsi
from tests.sample import draw_tissue

COLUMNS, ROWS = 500, 301
SIZES = ((COLUMNS, ROWS), (250, 151), (125, 76))
LABEL = np.ascontiguousarray(draw_tissue(140, 200))
fuzzed = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])


def picture(level: int, samples: int = 3, bits: int = 8) -> Pixels:
    """Return what a level shows."""
    columns, rows = SIZES[level]
    image = np.ascontiguousarray(draw_tissue(rows, columns)[..., :samples])
    return image if bits == 8 else np.left_shift(image.astype(np.uint16), 8) | 77


class VsiContract(SlideSourceContract):
    """Three levels, a label and an overview."""

    codec, samples, bits = vsi.JPEG, 3, 8
    compression = Compression.JPEG
    tolerance = 60
    """Of JPEG to what was encoded; that it is libjpeg's decoding to the last bit is what another test says."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Build one."""
        tiles = {}
        for level in range(len(SIZES)):
            tiles |= dict(vsi.tiles_of(picture(level, cls.samples, cls.bits), cls.codec, (0,), level))
        beside = vsi.ets_bytes(dict(vsi.tiles_of(LABEL, vsi.PNG, (0,))), codec=vsi.PNG)
        overview = vsi.ets_bytes(dict(vsi.tiles_of(LABEL[:130, :150], vsi.PNG, (0,))), codec=vsi.PNG)
        stacks = {
            1: beside,
            10: vsi.ets_bytes(tiles, codec=cls.codec, samples=cls.samples, bits=cls.bits),
            9: overview,
        }
        images = [
            vsi.image_tags(200, 140, name="Label"),
            vsi.image_tags(150, 130, name="Overview", kind=1),
            vsi.image_tags(COLUMNS, ROWS, vsi.value(2015, vsi.TIMESTAMP, struct.pack("<q", 1_700_000_000)), name="20x"),
        ]
        rest = vsi.field(2043, vsi.volume([vsi.value(120060, vsi.DOUBLE, struct.pack("<d", 20.0))]))
        path = tmp_path_factory.mktemp("vsi") / "s.vsi"
        return vsi.write_vsi(path, stacks, images, rest)

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Return what it was built of."""
        if image.level is not None:
            return picture(image.level, self.samples, self.bits)
        return LABEL if image.kind is ImageKind.LABEL else LABEL[:130, :150]

    def test_the_fingerprint_is_of_the_content(self, source: SlideSource, slide: Path, tmp_path: Path) -> None:
        """Of the .vsi file and of all ETS files; the name does not matter."""
        prints = set()
        for change in ("none", "vsi", "ets"):
            (folder := tmp_path / change).mkdir()
            shutil.copyfile(slide, folder / "t.vsi")
            shutil.copytree(slide.with_name("_s_"), folder / "_t_")
            if change != "none":
                changed = folder / "t.vsi" if change == "vsi" else folder / "_t_/stack9/frame_t.ets"
                changed.write_bytes(changed.read_bytes() + b"\0")
            with open_source(str(folder / "t.vsi")) as copy:
                prints.add(copy.fingerprint())
        assert source.fingerprint() in prints
        assert len(prints) == 3

    def test_what_the_tags_tell(self, slide: Path) -> None:
        """Spacing, objective, date, and which image is which."""
        with open_source(str(slide)) as source:
            description = source.describe()
        kinds = [(image.kind, image.level) for image in description.images]
        levels = [(ImageKind.VOLUME, level) for level in range(3)]
        assert kinds == [*levels, (ImageKind.LABEL, None), (ImageKind.OVERVIEW, None)]
        assert [(level.grid.columns, level.grid.rows) for level in description.levels] == list(SIZES)
        assert description.levels[0].compression is self.compression
        assert description.facts.pixel_spacing_mm == (0.0005, 0.0005)
        assert description.facts.objective_power == 20
        assert description.facts.acquisition_datetime == "20231114221320+0000"
        assert ("vsi.image name", "Label") in description.properties
        assert description.scenes == ()


class TestJpeg(VsiContract):
    """JPEG tiles pass."""

    def test_tiles_pass(self, source: SlideSource) -> None:
        """As they are stored, and decode as libjpeg has it."""
        for level in source.describe().levels:
            codec = source.tile_codec(level.index)
            assert codec is not None
            tiles = source.read_tiles(level.index, 0, level.grid.frames)
            pixels = source.read_pixels(level.index, 0, level.grid.frames)
            for tile, decoded in zip(tiles, pixels, strict=True):
                passed = codec.pass_tile(tile)
                assert isinstance(passed, PassedTile)
                assert passed.transfer_syntax is TransferSyntax.JPEG_BASELINE
                assert np.array_equal(decoded, vsi.decode(bytes(tile), vsi.JPEG))


class TestJpegGray(TestJpeg):
    """Of one component."""

    samples = 1


class TestJpeg2000(VsiContract):
    """JPEG 2000 tiles pass."""

    codec, compression, tolerance = vsi.JPEG_2000, Compression.JPEG_2000, 0

    def test_tiles_pass(self, source: SlideSource) -> None:
        """Reversible ones as JPEG 2000 Lossless."""
        codec = source.tile_codec(0)
        assert codec is not None
        passed = codec.pass_tile(source.read_tiles(0, 3, 1)[0])
        assert isinstance(passed, PassedTile)
        assert passed.transfer_syntax is TransferSyntax.JPEG_2000_LOSSLESS


class TestJpeg2000Gray16(VsiContract):
    """Gray of 16 bits."""

    codec, compression, tolerance = vsi.JPEG_2000, Compression.JPEG_2000, 0
    samples, bits = 1, 16


class TestRaw(VsiContract):
    """Uncompressed."""

    codec, compression, tolerance = vsi.RAW, Compression.OTHER, 0


class TestRaw16(TestRaw):
    """Of 16 bits."""

    samples, bits = 1, 16


class TestPng(VsiContract):
    """PNG."""

    codec, compression, tolerance = vsi.PNG, Compression.OTHER, 0


class TestBmp(VsiContract):
    """BMP."""

    codec, compression, tolerance = vsi.BMP, Compression.OTHER, 0


class TestLosslessJpeg(VsiContract):
    """Process 14 of JPEG, which no VL WSM instance has."""

    codec, compression, tolerance = vsi.JPEG_LOSSLESS, Compression.OTHER, 0
    samples = 1


def flat(number: int, columns: int = 200, rows: int = 150) -> Pixels:
    """Return gray of one value, 16 bits."""
    return np.full((rows, columns, 1), number, np.uint16)


def planes(path: Path, *dimensions: bytes, order: str = "czt") -> Path:
    """Build two channels, three focal planes and two time points, whose values say which is which."""
    tiles = {}
    for c in range(2):
        for z in range(3):
            for t in range(2):
                at = {"c": c, "z": z, "t": t}
                tiles |= dict(vsi.tiles_of(flat(100 * t + 10 * c + z), vsi.RAW, tuple(at[name] for name in order)))
    stack = vsi.ets_bytes(tiles, codec=vsi.RAW, samples=1, bits=16)
    return vsi.write_vsi(path, {1: stack}, [vsi.image_tags(200, 150, *dimensions, name="20x")])


def values(uri: str) -> list[int]:
    """Return one pixel of each plane."""
    with open_source(uri) as source:
        count = source.describe().images[0].planes
        return [int(source.read_region(0, 150, 140, 1, 1, plane)[0, 0, 0]) for plane in range(count)]


def test_channels_planes_and_time_points(tmp_path: Path) -> None:
    told = [
        vsi.dimension(0, vsi.value(2012, vsi.DOUBLE, bytes(8)), vsi.value(2013, vsi.DOUBLE, struct.pack("<d", 1.5))),
        vsi.dimension(1, vsi.channels("DAPI", "FITC")),
        vsi.dimension(2, vsi.value(2100, vsi.DOUBLE, bytes(8))),
    ]
    path = planes(tmp_path / "s.vsi", *told, order="zct")
    with open_source(str(path)) as source:
        description = source.describe()
    assert description.scenes == ("20x, time point 1", "20x, time point 2")
    assert [path.name for path in description.optical_paths] == ["DAPI", "FITC"]
    assert description.focal_plane_offsets_um == (0, 1.5, 3)
    assert values(str(path)) == [0, 1, 2, 10, 11, 12]
    assert values(f"{path}#scene=2") == [100, 101, 102, 110, 111, 112]
    with pytest.raises(SourceError, match="no scene 3"):
        open_source(f"{path}#scene=3")


def test_coordinates_of_which_nothing_is_told(tmp_path: Path) -> None:
    path = planes(tmp_path / "s.vsi", order="ctz")
    assert values(str(path)) == [0, 1, 2, 10, 11, 12]
    with open_source(str(path)) as source:
        assert any("distance of its 3 focal planes is not told" in doubt for doubt in source.describe().warnings)


@pytest.mark.parametrize(("codec", "is_lossy"), [(vsi.JPEG, True), (vsi.JPEG_2000, True), (vsi.PNG, False)])
def test_what_a_label_may_have_lost_is_told(codec: int, is_lossy: bool, tmp_path: Path) -> None:
    stacks = {
        1: vsi.ets_bytes(dict(vsi.tiles_of(LABEL, codec, (0,))), codec=codec),
        2: vsi.ets_bytes(dict(vsi.tiles_of(picture(0), vsi.PNG, (0,))), codec=vsi.PNG),
    }
    images = [vsi.image_tags(200, 140, name="Label"), vsi.image_tags(*SIZES[0], name="20x")]
    with open_source(str(vsi.write_vsi(tmp_path / "s.vsi", stacks, images))) as source:
        (label,) = (image for image in source.describe().images if image.kind is ImageKind.LABEL)
    assert label.lossy.is_lossy is is_lossy


def test_two_slides_in_a_file(tmp_path: Path) -> None:
    stacks = {
        n: vsi.ets_bytes(dict(vsi.tiles_of(flat(n), vsi.RAW, (0,))), codec=vsi.RAW, samples=1, bits=16) for n in (2, 10)
    }
    images = [vsi.image_tags(200, 150, name="first"), vsi.image_tags(199, 150, name="second")]
    path = vsi.write_vsi(tmp_path / "s.vsi", stacks, images)
    with open_source(str(path)) as source:
        assert source.describe().scenes == ("first", "second")
    assert (values(str(path)), values(f"{path}#scene=2")) == ([2], [10])


def test_missing_tiles_are_missing(tmp_path: Path) -> None:
    tiles = dict(vsi.tiles_of(picture(0), vsi.JPEG, (0,)))
    del tiles[1, 1, 0, 0]
    path = vsi.write_vsi(tmp_path / "s.vsi", {1: vsi.ets_bytes(tiles, codec=vsi.JPEG)}, [vsi.image_tags(COLUMNS, ROWS)])
    with open_source(str(path)) as source:
        lengths = source.tile_lengths(0)
        assert lengths is not None
        assert np.flatnonzero(lengths == 0).tolist() == [5]
        assert source.read_pixels(0, 5, 1) == [None]
        assert (source.read_region(0, 130, 130, 50, 50) == 255).all()


def test_without_tags_the_tiles_tell_the_size(tmp_path: Path) -> None:
    tiles = dict(vsi.tiles_of(picture(0), vsi.JPEG, (0,)))
    path = vsi.write_vsi(tmp_path / "s.vsi", {1: vsi.ets_bytes(tiles, codec=vsi.JPEG)})
    with open_source(str(path)) as source:
        description = source.describe()
    assert (description.images[0].grid.columns, description.images[0].grid.rows) == (512, 384)
    assert description.facts.pixel_spacing_mm is None
    assert "do not tell the size" in description.warnings[0]


class TestRefused:
    """In one line, with the file's name."""

    def error(self, tmp_path: Path, stack: bytes) -> str:
        """Return what is said."""
        error = read_all(vsi.write_vsi(tmp_path / "s.vsi", {1: stack}, [vsi.image_tags(COLUMNS, ROWS)]))
        assert isinstance(error, SourceError | TileError)
        assert "\n" not in str(error)
        return str(error)

    def test_no_folder(self, tmp_path: Path) -> None:
        """The tiles were not copied."""
        with pytest.raises(SourceError, match=r"s\.vsi: its pixels are in ETS files of the folder _s_"):
            open_source(str(vsi.write_vsi(tmp_path / "s.vsi", {})))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"component": 9}, "pixels of type float"),
            ({"component": 3}, "pixels of type short"),
            ({"samples": 4}, "4 samples a pixel"),
            ({"codec": 7}, "compression 7 is not known"),
        ],
    )
    def test_pixels(self, tmp_path: Path, options: dict[str, int], message: str) -> None:
        """By name."""
        stack = vsi.ets_bytes({(0, 0, 0, 0): b"?"}, **({"codec": vsi.JPEG} | options))
        assert message in self.error(tmp_path, stack)

    def test_a_tile_far_away(self, tmp_path: Path) -> None:
        """A grid of billions."""
        stack = vsi.ets_bytes({(0, 0, 0, 0): b"?", (1 << 20, 1 << 20, 0, 0): b"?"}, codec=vsi.JPEG)
        assert "show next to nothing" in self.error(tmp_path, stack)

    def test_a_tile_that_was_cut(self, tmp_path: Path) -> None:
        """Each codec says so."""
        for number, codec in enumerate((vsi.RAW, vsi.JPEG, vsi.JPEG_2000, vsi.PNG, vsi.BMP)):
            tiles = dict(vsi.tiles_of(picture(0), codec, (0,)))
            tiles[0, 0, 0, 0] = tiles[0, 0, 0, 0][: len(tiles[0, 0, 0, 0]) // 2]
            (tmp_path / str(number)).mkdir()
            message = self.error(tmp_path / str(number), vsi.ets_bytes(tiles, codec=codec))
            assert "level 0, tile 0 (stack1/frame_t.ets)" in message or "s.vsi" in message

    @given(share=st.floats(0, 0.99))
    @fuzzed
    def test_a_stack_that_was_cut(self, tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
        """At any byte."""
        stack = vsi.ets_bytes(dict(vsi.tiles_of(picture(2), vsi.PNG, (0,))), codec=vsi.PNG)
        self.error(tmp_path_factory.mktemp("cut"), stack[: int(share * len(stack))])

    @pytest.mark.parametrize("lost", [1, 4, 30, 60, 120, 150])
    def test_tags_that_were_cut(self, tmp_path: Path, lost: int) -> None:
        """Size and scale would be missing without a word."""
        stack = vsi.ets_bytes(dict(vsi.tiles_of(picture(2), vsi.PNG, (0,))), codec=vsi.PNG)
        path = vsi.write_vsi(tmp_path / "s.vsi", {1: stack}, [vsi.image_tags(125, 76, name="20x")])
        assert read_all(path) is None
        path.write_bytes(path.read_bytes()[:-lost])
        with pytest.raises(SourceError, match=r"s\.vsi: its tags go on at byte \d+, and it ends at byte"):
            open_source(str(path))

    @given(
        flips=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(1, 255)), min_size=1, max_size=6),
        which=st.sampled_from(("vsi", "ets")),
    )
    @fuzzed
    def test_flipped_bits(
        self, tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], which: str
    ) -> None:
        """In the tags, or in headers, table and tiles."""
        stack = vsi.ets_bytes(dict(vsi.tiles_of(picture(2), vsi.PNG, (0,))), codec=vsi.PNG)
        stack = flip_bytes(stack, flips) if which == "ets" else stack
        path = vsi.write_vsi(tmp_path_factory.mktemp("f") / "s.vsi", {1: stack}, [vsi.image_tags(*SIZES[2])])
        if which == "vsi":
            data = path.read_bytes()
            path.write_bytes(data[:8] + flip_bytes(data[8:], flips))
        error = read_all(path)
        assert error is None or ("\n" not in str(error) and str(path.parent) in str(error))

    def test_a_tree_that_leads_in_a_circle(self, tmp_path: Path) -> None:
        """A field is followed by itself; a volume holds itself."""
        stack = vsi.ets_bytes(dict(vsi.tiles_of(picture(2), vsi.PNG, (0,))), codec=vsi.PNG)
        path = vsi.write_vsi(tmp_path / "s.vsi", {1: stack})
        header = struct.pack("<HHIqII", 24, 21321, 1, 24, 1_000_000, 0)
        looping = struct.pack("<IiIi", vsi.INT, 11, 24, 4) + bytes(4)
        path.write_bytes(b"II*\0" + bytes(4) + header + looping)
        assert read_all(path) is None
        backwards = struct.pack("<HHIqII", 24, 21321, 1, -32, 9, 0)
        path.write_bytes(
            b"II*\0" + bytes(4) + (header + struct.pack("<IiIi", 0x10000000, 2000, 0, 500) + backwards) * 50
        )
        assert isinstance(read_all(path), SourceError)  # into the middle of a field
