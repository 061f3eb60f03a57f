"""Sound slides of every format, small ones, to be damaged: built as the tests build them, and files of scanners.

A builder writes the same bytes each time, so that a case can be had again from its seed, name and number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.sources.czi.czi_files import block, metadata_xml, write_czi
from tests.io.sources.czi.test_damaged_czi import small_file
from tests.io.sources.dicom.instances import coded, header, write
from tests.io.sources.dicom.test_damage import COLUMNS, ROWS, TILES
from tests.io.sources.dicom.test_damage import KINDS as DICOM_KINDS
from tests.io.sources.dicom.test_damage import slide as write_dicom
from tests.io.sources.ndpi.slides import pyramid, write_ndpi
from tests.io.sources.ome_tiffs import gray_planes, ome_image, ome_xml, rgb_planes, write_ome_tiff
from tests.io.sources.openslide_slides import MiraxSlide, write_sakura, write_vms, write_vmu
from tests.io.sources.test_imagej import write_stack
from tests.io.sources.test_qptiff import fluorescence, write_qptiff
from tests.io.sources.tiffs import TiffForm, draw_image, write_pyramid
from tests.io.sources.vendor_files import BifSlide, Region, ScnSlide, write_philips, write_trestle
from tests.io.sources.vsi import vsi_files as vsi
from tests.sample import build_sample_slide, draw_tissue
from tests.sample_tiles import TileEncoding

Builder = Callable[[Path], Path]
"""Writes a slide into an empty folder and returns its path: a file there, or the folder."""

_GLOWING = Region(
    name="f",
    columns=90,
    rows=70,
    offset_nm=(0, 1),
    channels=2,
    planes=2,
    spacing_z=500,
    illumination="fluorescence",
    samples=1,
)
_WHOLE = Region(name="b", columns=90, rows=70, offset_nm=(5, 5))
_SHARING = (0, 8, 0, 12, 4)
_CODED = (
    TransferSyntax.JPEG_2000_LOSSLESS,
    TransferSyntax.HTJ2K_LOSSLESS,
    TransferSyntax.JPEG_LS_LOSSLESS,
    TransferSyntax.JPEG_XL_LOSSLESS,
    TransferSyntax.RLE_LOSSLESS,
)
_RGB = Image.fromarray(draw_tissue(60, 80))


@dataclass(frozen=True, slots=True)
class Seed:
    """A sound slide."""

    name: str
    format: str
    """As the report counts."""
    build: Builder


def _svs(encoding: TileEncoding, **options: Any) -> Builder:
    return lambda d: build_sample_slide(d / "a.svs", columns=300, rows=200, tile=64, encoding=encoding, **options)


def _tiff(compression: str, **form: Any) -> Builder:
    def build(folder: Path) -> Path:
        stored = TiffForm(compression=compression, **form)
        images = [draw_image(stored), draw_image(stored, 50, 35)]
        tags = {"description": "a plain slide", "iccprofile": bytes(200), "resolution": (20000, 20000)}
        return write_pyramid(folder / "a.tif", stored, images, resolutionunit="CENTIMETER", **tags)

    return build


def _ome_channels(folder: Path) -> Path:
    channels = '<Channel ID="Channel:0" Name="DAPI" Color="65535" EmissionWavelength="461.5"/><Channel ID="Channel:1"/>'
    sizes = 'PhysicalSizeX="0.5" PhysicalSizeY="0.5" PhysicalSizeZ="2"'
    xml = ome_xml(ome_image(counts=(2, 2, 1), pixel_type="uint16", attributes=sizes, inside=f"{channels}<TiffData/>"))
    return write_ome_tiff(folder / "a.ome.tif", xml, gray_planes(4, "uint16"), levels=2)


def _ome_jpeg(folder: Path) -> Path:
    inside = '<Channel ID="Channel:0" SamplesPerPixel="3"/><TiffData IFD="0" PlaneCount="2"/>'
    xml = ome_xml(ome_image(counts=(3, 2, 1), inside=inside))
    return write_ome_tiff(folder / "a.ome.tif", xml, rgb_planes(2), levels=2, options={"compression": "jpeg"})


def _vsi(codec: int, samples: int = 3) -> Builder:
    def build(folder: Path) -> Path:
        tiles: dict[tuple[int, ...], bytes] = {}
        for level in range(2):
            image = np.ascontiguousarray(draw_tissue(151 >> level, 250 >> level)[..., :samples])
            tiles |= dict(vsi.tiles_of(image, codec, (0,), level))
        label = dict(vsi.tiles_of(np.ascontiguousarray(draw_tissue(40, 50)), vsi.PNG, (0,)))
        stacks = {1: vsi.ets_bytes(label, codec=vsi.PNG), 10: vsi.ets_bytes(tiles, codec=codec, samples=samples)}
        images = [vsi.image_tags(50, 40, name="Label"), vsi.image_tags(250, 151, name="20x")]
        return vsi.write_vsi(folder / "a.vsi", stacks, images)

    return build


def _picture(name: str, mode: str = "RGB", **options: Any) -> Builder:
    def build(folder: Path) -> Path:
        image = _RGB.convert(mode) if mode != "I;16" else Image.fromarray(np.asarray(_RGB)[..., 0].astype(np.uint16))
        image.save(folder / name, **options)
        return folder / name

    return build


def _czi(compression: str) -> Builder:
    pixels = np.ascontiguousarray(draw_tissue(48, 64))
    blocks = [block(pixels, 64 * n, 0, compression, C=0, M=n) for n in range(3)]
    return lambda d: write_czi(d / "a.czi", blocks, metadata_xml())


def _czi_small(folder: Path) -> Path:
    (folder / "a.czi").write_bytes(small_file())
    return folder / "a.czi"


def _stack(folder: Path) -> Path:
    planes = [np.full((40, 60), 9 * n, np.uint8) for n in range(4)]
    return write_stack(folder / "a.tif", "ZCYX", (2, 2), planes, spacing=2.0, unit="um")


def _dicom(kind: str) -> Builder:
    return lambda d: write_dicom(kind, d)


def _dicom_coded(syntax: TransferSyntax) -> Builder:
    return lambda d: write(d / "slide.dcm", header(COLUMNS, ROWS), coded(TILES, syntax), syntax=syntax.value)


_BUILT: Mapping[str, Mapping[str, Builder]] = {
    "aperio": {
        "svs": _svs(TileEncoding.JPEG_RGB),
        "svs-420": _svs(TileEncoding.JPEG_YCBCR_420, bigtiff=True),
        "svs-j2k": _svs(TileEncoding.J2K_33005_MCT, associated=False),
    },
    "generic-tiff": {
        "tiff-lzw": _tiff("lzw"),
        "tiff-big-jpeg": _tiff("jpeg-ycbcr-444", container="big"),
        "tiff-big-endian": _tiff("deflate", container="big-endian", bits=16),
        "tiff-strips": _tiff("none", tiled=False),
        "tiff-planes": _tiff("packbits", planar=True),
        "imagej": _stack,
    },
    "ome-tiff": {"ome-channels": _ome_channels, "ome-jpeg": _ome_jpeg},
    "qptiff": {
        "qptiff": lambda d: write_qptiff(d / "a.qptiff", fluorescence(gray_planes(2)), compression="zlib"),
    },
    "leica-scn": {
        "scn": lambda d: ScnSlide(regions=(_WHOLE, _GLOWING)).write(d / "a.scn"),
        "scn-fluorescence": lambda d: ScnSlide(regions=(_GLOWING,)).write(d / "a.scn"),
    },
    "philips-tiff": {"philips": lambda d: write_philips(d / "a.tiff")},
    "ventana": {
        "bif": lambda d: BifSlide().write(d / "a.bif"),
        "bif-stitched": lambda d: BifSlide(overlaps=_SHARING).write(d / "a.bif"),
        "bif-openslide": lambda d: BifSlide(overlaps=_SHARING, uneven=True, rightward=True).write(d / "a.bif"),
    },
    "trestle": {
        "trestle": lambda d: write_trestle(d / "a.tif"),
        "trestle-openslide": lambda d: write_trestle(d / "a.tif", overlaps=" 8 8 8 12", missing=()),
    },
    "mirax": {
        "mirax": lambda d: MiraxSlide(missing=(0,), positions=True, focus_levels=3).write(d / "a.mrxs"),
        "mirax-png": lambda d: MiraxSlide(image_format="PNG", columns=2, rows=2).write(d / "a.mrxs"),
    },
    "sakura": {"sakura": lambda d: write_sakura(d / "a.svslide")},
    "hamamatsu-vms": {"vms": lambda d: write_vms(d / "a.vms"), "vmu": lambda d: write_vmu(d / "a.vmu")},
    "ndpi": {"ndpi": lambda d: write_ndpi(d / "a.ndpi", pyramid(160, 96))},
    "vsi": {"vsi-jpeg": _vsi(vsi.JPEG), "vsi-raw": _vsi(vsi.RAW, 1), "vsi-j2k": _vsi(vsi.JPEG_2000)},
    "czi": {
        "czi": _czi_small,
        "czi-jpeg": _czi("jpeg"),
        "czi-jpegxr": _czi("jpegxr"),
        "czi-zstd": _czi("zstd1"),
    },
    "dicom": {
        **{f"dicom-{kind}": _dicom(kind) for kind in DICOM_KINDS},
        **{f"dicom-{syntax.name.lower()}": _dicom_coded(syntax) for syntax in _CODED},
    },
    "png": {
        "png": _picture("a.png"),
        "png-palette": _picture("a.png", "P"),
        "png-alpha": _picture("a.png", "RGBA"),
        "png-16": _picture("a.png", "I;16"),
    },
    "jpeg": {
        "jpeg": _picture("a.jpg", quality=80, dpi=(50800, 50800)),
        "jpeg-progressive": _picture("a.jpg", quality=80, progressive=True),
        "jpeg-gray": _picture("a.jpg", "L", quality=80),
    },
}
"""By format and name."""

_SCANNED: Mapping[str, str] = {
    "aperio/CMU-1-Small-Region.svs": "aperio",
    "hamamatsu/test3-DAPI-2-387.ndpi": "ndpi",
    "generic-tiff/openslide-boxes.tiff": "generic-tiff",
    "generic-tiff/libvips-subsampled.tif": "generic-tiff",
    "generic-tiff/large_image-grey10kx5k.tif": "generic-tiff",
    "generic-tiff/large_image-yb10kx5k.zstd.tiff": "generic-tiff",
    "ome-tiff/qupath-cells-2c.ome.tif": "ome-tiff",
    "ome-tiff/qupath-cells-2z.ome.tif": "ome-tiff",
    "ome-tiff/minerva-2048x2048_ome6_tiled.ome.tif": "ome-tiff",
    "zeiss-czi/newCZI_compressed.czi": "czi",
    "zeiss-czi/RGB-8bit.czi": "czi",
    "dicom/jcupitt-cmu1-small-region": "dicom",
    "dicom/highdicom-sm_image.dcm": "dicom",
    "dicom/highdicom-sm_image_jpegls.dcm": "dicom",
    "dicom/google-wsi2dcm-jpeg.dcm": "dicom",
}
"""Below the folder of shared slides: what programs other than these tests wrote."""
_LARGEST = 600_000
"""Bytes of a file that is copied from a folder of shared slides: its large levels are left out."""


def all_seeds(shared: Path | None) -> tuple[Seed, ...]:
    """Return all seeds, with those of shared slides where there are any."""
    built = [Seed(name, form, build) for form, builders in _BUILT.items() for name, build in builders.items()]
    if shared is None or not shared.is_dir():
        return tuple(built)
    scanned = [Seed(Path(path).name, form, _copied(shared / path)) for path, form in _SCANNED.items()]
    return (*built, *scanned)


def files_of(slide: Path) -> list[Path]:
    """Return the files of a slide that stands alone in its folder, in a lasting order."""
    root = slide if slide.is_dir() else slide.parent
    return sorted(path for path in root.rglob("*") if path.is_file())


def _copied(original: Path) -> Builder:
    def build(folder: Path) -> Path:
        target = folder / original.name
        if original.is_file():
            target.write_bytes(original.read_bytes())
            return target
        target.mkdir()
        for file in sorted(original.iterdir()):
            if file.stat().st_size <= _LARGEST:
                (target / file.name).write_bytes(file.read_bytes())
        return target

    return build
