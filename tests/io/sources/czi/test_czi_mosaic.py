"""Scenes, time points, channels, focal planes, levels and stacking order of CZI files, built from its description."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.io.sources import open_source
from pipeline.model.errors import SourceError, TileError
from pipeline.model.source import Illumination
from pipeline.model.tiles import Pixels
from tests.io.sources.czi.czi_files import Block, block, metadata_xml, write_czi


def flat(value: int, columns: int = 60, rows: int = 50, samples: int = 1, dtype: str = "u1") -> Pixels:
    """Return an image of one value."""
    return np.full((rows, columns, samples), value, dtype)


def whole(path: Path, image: int = 0, plane: int = 0, scene: int | None = None) -> Pixels:
    """Read an image whole."""
    with open_source(str(path) if scene is None else f"{path}#scene={scene}") as source:
        grid = source.describe().images[image].grid
        return source.read_region(image, 0, 0, grid.columns, grid.rows, plane)


class TestStacking:
    """Overlapping sub-blocks lie on each other in the order of M."""

    def test_the_highest_m_is_on_top(self, tmp_path: Path) -> None:
        """Whatever their order in the file."""
        blocks = [block(flat(9), 30, 0, M=9), block(flat(2), 0, 0, M=2)]
        pixels = whole(write_czi(tmp_path / "s.czi", blocks))[..., 0]
        assert pixels.shape == (50, 90)
        assert (pixels[:, :30] == 2).all()
        assert (pixels[:, 30:] == 9).all()

    def test_without_m_the_later_is_on_top(self, tmp_path: Path) -> None:
        """As it was scanned."""
        pixels = whole(write_czi(tmp_path / "s.czi", [block(flat(2)), block(flat(9), 30)]))[..., 0]
        assert (pixels[:, :30] == 2).all()
        assert (pixels[:, 30:] == 9).all()

    @pytest.mark.parametrize(("samples", "background"), [(1, 0), (3, 255)])
    def test_gaps_are_background(self, tmp_path: Path, samples: int, background: int) -> None:
        """Black under fluorescence, white under brightfield; tiles of nothing are missing."""
        blocks = [block(flat(7, samples=samples)), block(flat(8, samples=samples), 1500, 0)]
        path = write_czi(tmp_path / "s.czi", blocks)
        pixels = whole(path)
        assert (pixels[:, 60:1500] == background).all()
        assert (pixels[:, 1500:] == 8).all()
        with open_source(str(path)) as source:
            tiles = source.read_pixels(0, 0, 4)
            assert [tile is None for tile in tiles] == [False, True, False, True] or tiles[1] is None
            assert source.describe().facts.background == (background,) * samples

    @given(
        places=st.lists(
            st.tuples(st.integers(-700, 700), st.integers(-700, 700), st.integers(1, 300), st.integers(1, 300)),
            min_size=1,
            max_size=8,
        ),
        orders=st.permutations(range(8)),
        run=st.tuples(st.integers(0, 20), st.integers(1, 20)),
    )
    @settings(max_examples=40)
    def test_any_mosaic(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        places: list[tuple[int, int, int, int]],
        orders: list[int],
        run: tuple[int, int],
    ) -> None:
        """Tiles and regions show what painting it by hand shows."""
        blocks = [
            block(flat(10 + n, columns, rows), x, y, M=orders[n]) for n, (x, y, columns, rows) in enumerate(places)
        ]
        left, top = min(p[0] for p in places), min(p[1] for p in places)
        painted = np.zeros(
            (max(p[1] + p[3] for p in places) - top, max(p[0] + p[2] for p in places) - left, 1), np.uint8
        )
        for number in sorted(range(len(places)), key=lambda n: orders[n]):
            x, y, columns, rows = places[number]
            painted[y - top : y - top + rows, x - left : x - left + columns] = 10 + number
        path = write_czi(tmp_path_factory.mktemp("czi") / "s.czi", blocks)
        assert np.array_equal(whole(path), painted)
        with open_source(str(path)) as source:
            grid = source.describe().images[0].grid
            first = run[0] % grid.frames
            count = min(run[1], grid.frames - first)
            for frame, tile in enumerate(source.read_pixels(0, first, count), start=first):
                x, y = grid.position(frame)
                columns, rows = grid.extent(frame)
                there = painted[y : y + rows, x : x + columns]
                assert np.array_equal(np.zeros_like(there) if tile is None else tile[:rows, :columns], there)


class TestScenes:
    """Each scene at each time point is a slide of its own."""

    def blocks(self) -> list[Block]:
        """Two scenes at two time points; the second lies to the right of the first and below it."""
        return [
            block(flat(10 * s + t), 100 + 300 * s, 200 + 400 * s, S=s, T=t, C=0, Z=0) for t in (0, 1) for s in (0, 1)
        ]

    def test_they_have_names_places_and_pixels(self, tmp_path: Path) -> None:
        """Origins differ by what lies between them in the mosaic."""
        xml = metadata_xml(image="").replace(
            "<Dimensions>", '<Dimensions><S><Scenes><Scene Name="TR1"/><Scene Name="TR2"/></Scenes></S>'
        )
        path = write_czi(tmp_path / "s.czi", self.blocks(), xml)
        names = ("TR1, time point 1", "TR1, time point 2", "TR2, time point 1", "TR2, time point 2")
        origins = []
        for scene, value in enumerate((0, 1, 10, 11), start=1):
            assert (whole(path, scene=scene) == value).all()
            with open_source(f"{path}#scene={scene}") as source:
                description = source.describe()
            assert (description.scenes, description.scene) == (names, scene)
            assert description.shared_coordinates
            origins.append(description.facts.origin_mm)
        assert origins[0] == origins[1] == pytest.approx((25, 50))
        assert origins[2] == origins[3] == pytest.approx((25 - 400 * 0.0005, 50 - 300 * 0.0005))
        assert (whole(path) == 0).all()

    def test_a_scene_that_is_not_there(self, tmp_path: Path) -> None:
        """The error says how many there are."""
        path = write_czi(tmp_path / "s.czi", self.blocks())
        with pytest.raises(SourceError, match="no scene 5: its scenes are 1 to 4"):
            open_source(f"{path}#scene=5")

    def test_one_scene_has_no_name(self, tmp_path: Path) -> None:
        """And no place of its own."""
        with open_source(str(write_czi(tmp_path / "s.czi", [block(flat(1), S=0, T=0)]))) as source:
            description = source.describe()
        assert (description.scenes, description.shared_coordinates, description.facts.origin_mm) == ((), False, None)

    def test_a_sub_block_that_names_no_scene_is_not_lost(self, tmp_path: Path) -> None:
        """Where others name theirs, the file is refused."""
        path = write_czi(tmp_path / "s.czi", [block(flat(1), S=0), block(flat(2), 60, 0)])
        with pytest.raises(SourceError, match="1 of its 2 sub-blocks name no scene"):
            open_source(str(path))


class TestPlanes:
    """Channels are optical paths, Z are focal planes."""

    CHANNELS = (
        '<Channel Name="DAPI"><Color>#FF0000FF</Color><ExcitationWavelength>353</ExcitationWavelength>'
        "<EmissionWavelength>465</EmissionWavelength></Channel>"
        '<Channel Name="TL"><IlluminationType>Transmitted</IlluminationType></Channel>'
    )

    def path(self, folder: Path, image: str = "") -> Path:
        """Two channels of three planes, whose values say which is which."""
        blocks = [block(flat(10 * c + z), C=c, Z=z) for z in (0, 1, 2) for c in (1, 0)]
        return write_czi(folder / "s.czi", blocks, metadata_xml(image, self.CHANNELS))

    def test_planes_are_counted_by_channel_first(self, tmp_path: Path) -> None:
        """PS3.3 C.7.6.17.3."""
        path = self.path(tmp_path)
        with open_source(str(path)) as source:
            description = source.describe()
        assert (description.images[0].optical_paths, description.images[0].focal_planes) == (2, 3)
        assert description.focal_plane_offsets_um == pytest.approx((0, 2, 4))
        assert [int(whole(path, plane=plane)[0, 0, 0]) for plane in range(6)] == [0, 1, 2, 10, 11, 12]
        dapi, light = description.optical_paths
        assert (dapi.name, dapi.colour) == ("DAPI", (0, 0, 255))
        assert (dapi.excitation_wavelength_nm, dapi.emission_wavelength_nm) == (353, 465)
        assert dapi.illumination is Illumination.FLUORESCENCE
        assert (light.name, light.illumination) == ("TL", Illumination.BRIGHTFIELD)

    def test_planes_from_the_coverslip_are_turned_around(self, tmp_path: Path) -> None:
        """Frames run from glass to coverslip."""
        image = "<Dimensions><Z><ZAxisDirection>FromObjectiveToSpecimen</ZAxisDirection></Z></Dimensions>"
        path = self.path(tmp_path, image)
        assert [int(whole(path, plane=plane)[0, 0, 0]) for plane in range(3)] == [2, 1, 0]

    def test_a_distance_that_is_not_told(self, tmp_path: Path) -> None:
        """It is said that it was made up."""
        path = write_czi(tmp_path / "s.czi", [block(flat(z), Z=z) for z in (0, 1)], metadata_xml(scaling=False))
        with open_source(str(path)) as source:
            description = source.describe()
        assert description.focal_plane_offsets_um == (0, 1)
        assert any("the distance of its 2 focal planes is not told" in doubt for doubt in description.warnings)

    def test_significant_bits(self, tmp_path: Path) -> None:
        """ComponentBitCount is Bits Stored, and a sample beyond it is damage."""
        xml = metadata_xml("<ComponentBitCount>12</ComponentBitCount>")
        path = write_czi(tmp_path / "s.czi", [block(flat(4095, dtype="u2"))], xml)
        with open_source(str(path)) as source:
            image = source.describe().images[0]
            assert (image.bits, image.bits_stored) == (16, 12)
        assert (whole(path) == 4095).all()
        beyond = write_czi(tmp_path / "b.czi", [block(flat(4096, dtype="u2"))], xml)
        with pytest.raises(TileError, match=r"b\.czi: level 0, plane 0, .* tile 0: .*ComponentBitCount"):
            whole(beyond)

    def test_alpha_is_composed_onto_white(self, tmp_path: Path) -> None:
        """Bgra32."""
        pixels = np.zeros((40, 40, 4), np.uint8)
        pixels[...] = (200, 100, 0, 255)
        pixels[:20, :, 3] = 0
        shown = whole(write_czi(tmp_path / "s.czi", [block(pixels)]))
        assert (shown[:20] == 255).all()
        assert (shown[20:] == (200, 100, 0)).all()


class TestLevels:
    """Sub-blocks that are stored smaller than what they show."""

    def image(self, columns: int, rows: int) -> Pixels:
        """Return columns and rows of numbers."""
        return (np.arange(columns)[np.newaxis, :, np.newaxis] + np.arange(rows)[:, np.newaxis, np.newaxis]).astype(
            np.uint8
        )

    @pytest.mark.parametrize("factor", [2, 3])
    def test_sizes_and_pixels(self, tmp_path: Path, factor: int) -> None:
        """Two levels below the base, the last sub-block of each of an odd size."""
        columns, rows = 1001, 701
        blocks = [block(self.image(columns, rows), 17, 23)]
        kept = {}
        for scale in (factor, factor**2):
            small = self.image(-(-columns // scale), -(-rows // scale))
            kept[scale] = small
            for x in range(0, small.shape[1], 200):
                cut = small[:, x : x + 200]
                size = (min(200 * scale, columns - x * scale), rows)
                blocks.append(Block(pixels=cut, x=17 + x * scale, y=23, factor=scale, size=size))
        path = write_czi(tmp_path / "s.czi", blocks)
        with open_source(str(path)) as source:
            sizes = [(level.grid.columns, level.grid.rows) for level in source.describe().levels]
        assert sizes == [(columns, rows), *((s.shape[1], s.shape[0]) for s in kept.values())]
        for level, small in enumerate(kept.values(), start=1):
            assert np.array_equal(whole(path, image=level), small)

    def test_a_level_that_shows_less_is_left_out(self, tmp_path: Path) -> None:
        """It would make pixels vanish."""
        blocks = [block(self.image(1000, 600)), Block(pixels=self.image(200, 300), factor=2)]
        with open_source(str(write_czi(tmp_path / "s.czi", blocks))) as source:
            description = source.describe()
        assert len(description.levels) == 1
        assert any("level 1 of the file was left out" in doubt for doubt in description.warnings)

    def test_a_file_without_a_base(self, tmp_path: Path) -> None:
        """It is refused."""
        with pytest.raises(SourceError, match="lower levels without a base"):
            open_source(str(write_czi(tmp_path / "s.czi", [Block(pixels=self.image(200, 300), factor=2)])))


class TestRefused:
    """By name, with what to do."""

    @pytest.mark.parametrize(
        ("number", "name"), [(2, "Gray32Float"), (10, "Gray64ComplexFloat"), (12, "Gray32"), (99, "99")]
    )
    def test_pixel_types(self, tmp_path: Path, number: int, name: str) -> None:
        """Float, complex, 32 bits."""
        blocks = [replace(block(flat(1)), pixel_type=number)]
        with pytest.raises(SourceError, match=rf"s\.czi: pixel type .*{name} is not supported"):
            open_source(str(write_czi(tmp_path / "s.czi", blocks)))

    def test_channels_of_two_kinds(self, tmp_path: Path) -> None:
        """Brightfield beside fluorescence."""
        blocks = [block(flat(1), C=0), block(flat(1, samples=3), C=1)]
        with pytest.raises(SourceError, match="its channels have pixels of Gray8 and Bgr24"):
            open_source(str(write_czi(tmp_path / "s.czi", blocks)))

    def test_dimensions_that_no_slide_has(self, tmp_path: Path) -> None:
        """Several phases."""
        with pytest.raises(SourceError, match="several phases"):
            open_source(str(write_czi(tmp_path / "s.czi", [block(flat(1), H=0), block(flat(1), H=1)])))

    def test_a_part_of_several_files(self, tmp_path: Path) -> None:
        """Its sub-blocks are elsewhere."""
        with pytest.raises(SourceError, match="part 1 of a CZI of several files"):
            open_source(str(write_czi(tmp_path / "s.czi", [block(flat(1))], part=1)))
