"""Slides of TIFF scanners, built from what OpenSlide's pages and Roche's paper say of their formats.

None of them comes from a scanner: they hold the structures that are published, and nothing that is not.
"""

import base64
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile

from pipeline.model.tiles import Pixels
from tests.sample import draw_tissue, shrink
from tests.sample_tiles import cut_tiles

TILE = 64
SCN = "http://www.leica-microsystems.com/scn/2010/10/01"


def encode(pixels: Pixels, quality: int = 85) -> bytes:
    """Encode a whole JPEG, gray or YCbCr with chroma halved both ways."""
    gray = pixels.shape[2] == 1
    colours = {} if gray else {"colorspace": "rgb", "outcolorspace": "ycbcr", "subsampling": "420"}
    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(pixels.squeeze()), quality, **colours))


def decoded(jpeg: bytes) -> Pixels:
    """Decode a JPEG, (rows, columns, samples)."""
    pixels: Pixels = np.atleast_3d(imagecodecs.jpeg8_decode(jpeg))
    return pixels


def add_level(
    tiff: tifffile.TiffWriter,
    image: Pixels,
    *,
    tile: int = TILE,
    missing: Collection[int] = (),
    order: Sequence[int] = (),
    **tags: Any,
) -> None:
    """Add a directory of JPEG tiles. `missing` ones have no bytes; `order` says which tile each entry holds."""
    tiles = list(cut_tiles(image, tile, tile))

    def stored() -> Iterator[bytes]:
        for index in order or range(len(tiles)):
            yield b"" if index in missing else encode(tiles[index])

    gray = image.shape[2] == 1
    colours: dict[str, Any] = (
        {"photometric": "minisblack"}
        if gray
        else {"photometric": "rgb", "subsampling": (2, 2), "compressionargs": {"outcolorspace": "ycbcr"}}
    )
    options = {"metadata": None, "software": False, "compression": "jpeg", "tile": (tile, tile)} | colours | tags
    tiff.write(stored(), shape=image.shape[:2] if gray else image.shape, dtype="uint8", **options)


def add_strip(tiff: tifffile.TiffWriter, image: Pixels, **tags: Any) -> None:
    """Add a directory of one uncompressed strip."""
    tiff.write(image, photometric="rgb", rowsperstrip=image.shape[0], metadata=None, **({"software": False} | tags))


def page_pixels(path: Path, page: int) -> Pixels:
    """Return the pixels that tifffile finds in a directory, as wide and high as its tags say."""
    with tifffile.TiffFile(path) as tiff:
        pixels: Pixels = np.atleast_3d(tiff.pages[page].asarray())
    return pixels


@dataclass(frozen=True, kw_only=True)
class Region:
    """An image of a Leica SCN."""

    name: str
    columns: int
    rows: int
    offset_nm: tuple[int, int]
    nm_per_pixel: int = 500
    levels: int = 2
    channels: int = 1
    planes: int = 1
    spacing_z: int = 0
    illumination: str = "brightfield"
    samples: int = 3
    missing: tuple[int, ...] = ()
    settings: str = ""

    def pixels(self, level: int, channel: int = 0, plane: int = 0) -> Pixels:
        """Draw a directory's picture."""
        tissue = np.roll(draw_tissue(self.rows, self.columns), 37 * channel + 11 * plane + len(self.name), axis=1)
        image = shrink(tissue, 1 << level)
        return image if self.samples == 3 else np.ascontiguousarray(image[..., 1:2])


@dataclass(frozen=True, kw_only=True)
class ScnSlide:
    """A Leica SCN: an overview and regions."""

    regions: tuple[Region, ...]
    size_nm: tuple[int, int] = (4_000_000, 8_000_000)
    barcode: str = "S-2011-0042"
    edits: tuple[tuple[str, str], ...] = field(default=())
    """Texts of the document to replace, with what."""

    def overview(self) -> Region:
        """Return the picture of the whole slide."""
        return Region(name="overview", columns=100, rows=200, offset_nm=(0, 0), nm_per_pixel=40_000, levels=1)

    def write(self, path: Path) -> Path:
        """Write the file."""
        directories = [
            (image, level, channel, plane)
            for image in (self.overview(), *self.regions)
            for level in range(image.levels)
            for channel in range(image.channels)
            for plane in range(image.planes)
        ]
        document = self._document(directories)
        for old, new in self.edits:
            assert old in document
            document = document.replace(old, new)
        with tifffile.TiffWriter(path, bigtiff=True) as tiff:
            for number, (image, level, channel, plane) in enumerate(directories):
                tags: dict[str, Any] = {} if number else {"description": document.encode()}
                missing = image.missing if level == 0 else ()
                add_level(tiff, image.pixels(level, channel, plane), missing=missing, **tags)
        return path

    def _document(self, directories: list[tuple[Region, int, int, int]]) -> str:
        images = []
        for image in (self.overview(), *self.regions):
            dimensions = "".join(
                f'<dimension sizeX="{image.columns >> r}" sizeY="{image.rows >> r}" r="{r}" c="{c}" z="{z}" '
                f'ifd="{directories.index((image, r, c, z))}"/>'
                for r in range(image.levels)
                for c in range(image.channels)
                for z in range(image.planes)
            )
            width, height = (edge * image.nm_per_pixel for edge in (image.columns, image.rows))
            images.append(
                f'<image name="{image.name}" uuid="urn:uuid:1"><creationDate>2011-09-08T11:22:33.44Z</creationDate>'
                '<device model="Leica SCN400;Leica SCN" version="1.4.0.9691;1.4.0.9725"/>'
                f'<pixels sizeX="{image.columns}" sizeY="{image.rows}">{dimensions}</pixels>'
                f'<view sizeX="{width}" sizeY="{height}" offsetX="{image.offset_nm[0]}" '
                f'offsetY="{image.offset_nm[1]}" spacingZ="{image.spacing_z}"/>'
                "<scanSettings><objectiveSettings><objective>20</objective></objectiveSettings>"
                f"<illuminationSettings><illuminationSource>{image.illumination}</illuminationSource>"
                f"</illuminationSettings>{image.settings}</scanSettings></image>"
            )
        barcode = base64.b64encode(self.barcode.encode()).decode()
        return (
            f'<?xml version="1.0" encoding="utf-8"?><scn xmlns="{SCN}"><collection name="slide" '
            f'sizeX="{self.size_nm[0]}" sizeY="{self.size_nm[1]}"><barcode>{barcode}</barcode>{"".join(images)}'
            "</collection></scn>"
        )


LABEL, MACRO = draw_tissue(40, 30), draw_tissue(48, 90)


def philips_document(spacings: Sequence[str], pictures: bool, scans: int = 1) -> str:
    """Return the document of a Philips TIFF with these pixel spacings, one a level."""
    levels = "".join(
        '<DataObject ObjectType="PixelDataRepresentation">'
        f'<Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_NUMBER">{number}</Attribute>'
        f'<Attribute Name="DICOM_PIXEL_SPACING">{spacing}</Attribute></DataObject>'
        for number, spacing in enumerate(spacings)
    )
    scan = (
        '<DataObject ObjectType="DPScannedImage"><Attribute Name="PIM_DP_IMAGE_TYPE">WSI</Attribute>'
        '<Attribute Name="DICOM_DERIVATION_DESCRIPTION">tiff-useBigTIFF=0-clip=2-levels=10003,10002-q75</Attribute>'
        '<Attribute Name="DICOM_PIXEL_SPACING">"0.000226" "0.000227"</Attribute>'
        f'<Attribute Name="PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE"><Array>{levels}</Array></Attribute></DataObject>'
    )
    embedded = "".join(
        f'<DataObject ObjectType="DPScannedImage"><Attribute Name="PIM_DP_IMAGE_TYPE">{kind}</Attribute>'
        f'<Attribute Name="PIM_DP_IMAGE_DATA">{base64.b64encode(encode(picture)).decode()}</Attribute></DataObject>'
        for kind, picture in (("LABELIMAGE", LABEL), ("MACROIMAGE", MACRO))
        if pictures
    )
    barcode = base64.b64encode(b"S15-4711").decode()
    return (
        '<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">'
        '<Attribute Name="DICOM_ACQUISITION_DATETIME">20150520151532.000000</Attribute>'
        '<Attribute Name="DICOM_DEVICE_SERIAL_NUMBER">FMT0107</Attribute>'
        '<Attribute Name="DICOM_MANUFACTURER">PHILIPS</Attribute>'
        '<Attribute Name="DICOM_SOFTWARE_VERSIONS">"1.6.6186" "20150402_R48"</Attribute>'
        f'<Attribute Name="PIM_DP_UFS_BARCODE">{barcode}</Attribute>'
        f'<Attribute Name="PIM_DP_SCANNED_IMAGES"><Array>{embedded}{scan * scans}</Array></Attribute></DataObject>'
    )


def write_philips(
    path: Path,
    *,
    document: str | None = None,
    base_tiles: tuple[int, int] = (7, 5),
    levels: int = 3,
    missing: Collection[int] = (3, 8),
    pictures: str = "document",
) -> Path:
    """Write a Philips TIFF whose levels are padded to whole tiles; label and macro in the document or in pages."""
    base = draw_tissue(base_tiles[1] * TILE, base_tiles[0] * TILE)
    if document is None:
        spacings = [f'"{0.000227 * (1 << level):.6f}" "{0.000227 * (1 << level):.6f}"' for level in range(levels)]
        document = philips_document(spacings, pictures == "document")
    with tifffile.TiffWriter(path) as tiff:
        for level in range(levels):
            image = base if level == 0 else shrink(base, 1 << level)
            padding = [(0, -edge % TILE) for edge in image.shape[:2]]
            padded = np.pad(image, (*padding, (0, 0)), constant_values=255)
            tags: dict[str, Any] = {"description": document.encode(), "software": "Philips DP v1.0"}
            if level:
                tags = {"subfiletype": 1, "description": f"level={level}"}
            add_level(tiff, padded, missing=missing if level == 0 else (), **tags)
        if pictures == "pages":
            for name, picture in (("Label", LABEL), ("Macro", MACRO)):
                add_strip(tiff, picture, description=name)
    return path


@dataclass(frozen=True, kw_only=True)
class BifSlide:
    """A Ventana BIF of one area; frames of column `c` share `overlaps[c]` pixels with those on their left."""

    columns: int = 5
    rows: int = 3
    overlaps: tuple[int, ...] = (0, 0, 0, 0, 0)
    levels: int = 2
    missing: tuple[int, ...] = ()
    white: str = "235"
    z_layers: str = "1"
    order: tuple[int, ...] = ()
    """Which tile, counted by rows, each entry of the index of level 0 holds; `Frame` elements tell it."""
    joint: str = ' FlagJoined="1" Confidence="100"'
    uneven: bool = False
    """The frames of the bottom row share twice as many pixels."""
    rightward: bool = False
    """Joints name the left frame first in all rows, as iScan scanners write them."""
    edits: tuple[tuple[str, str], ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return self.columns * TILE - sum(self.overlaps), self.rows * TILE

    def picture(self) -> Pixels:
        """Draw what the frames show together."""
        return draw_tissue(self.size[1], self.size[0])

    def stored(self, level: int) -> Pixels:
        """Return a level as stored: frames side by side, shared pixels twice."""
        starts = [c * TILE - sum(self.overlaps[: c + 1]) for c in range(self.columns)]
        frames = np.concatenate([self.picture()[:, x : x + TILE] for x in starts], axis=1)
        return shrink(frames, 1 << level) if level else frames

    def write(self, path: Path) -> Path:
        """Write the file."""
        scan = (
            f'<Metadata><iScan Mode="brightfield" Magnification="40" ScanRes="0.25" UnitNumber="2000515" '
            f'ScannerModel="VENTANA DP 200" BuildVersion="1.1.0.15854" Z-layers="{self.z_layers}" Barcode1D="B77" '
            f'ScanWhitePoint="{self.white}"><AOI0 Left="1" Top="2" Right="3" Bottom="4"/></iScan></Metadata>'
        )
        joints = self._joints()
        for old, new in self.edits:
            assert old in scan + joints
            scan, joints = scan.replace(old, new), joints.replace(old, new)
        with tifffile.TiffWriter(path, bigtiff=True) as tiff:
            add_strip(tiff, MACRO, description="Label_Image", extratags=[_xmp(scan)])
            add_strip(tiff, LABEL, description="Probability_Image")
            for level in range(self.levels):
                tags: dict[str, Any] = {"description": f"level={level} mag={40 >> level} quality=90"}
                if level == 0:
                    tags |= {"missing": self.missing, "order": self.order, "extratags": [_xmp(joints)]}
                add_level(tiff, self.stored(level), **tags)
        return path

    def number(self, column: int, row: int) -> int:
        """Return the number of a frame as the stage travelled."""
        up = self.rows - 1 - row
        return up * self.columns + (self.columns - column if up % 2 else column + 1)

    def _joints(self) -> str:
        joints = []
        for row in range(self.rows):
            for column in range(1, self.columns):
                left, right = self.number(column - 1, row), self.number(column, row)
                overlap = self.overlaps[column] * (2 if self.uneven and row == self.rows - 1 else 1)
                going = (left, right, "RIGHT") if right > left or self.rightward else (right, left, "LEFT")
                joints.append((*going, overlap))
        joints += [
            (self.number(column, row), self.number(column, row - 1), "UP", 0)
            for row in range(1, self.rows)
            for column in range(self.columns)
        ]
        elements = "".join(
            f'<TileJointInfo{self.joint} Direction="{direction}" Tile1="{one}" Tile2="{other}" OverlapX="{overlap}" '
            'OverlapY="0"/>'
            for one, other, direction, overlap in joints
        )
        frames = "".join(f'<Frame XY="{t % self.columns},{t // self.columns}" Z="0"/>' for t in self.order)
        return (
            f'<EncodeInfo Ver="2"><SlideStitchInfo><ImageInfo AOIScanned="1" AOIIndex="0" NumRows="{self.rows}" '
            f'NumCols="{self.columns}" Width="{TILE}" Height="{TILE}" Pos-X="0" Pos-Y="0">{elements}'
            f'<FrameInfo>{frames}</FrameInfo></ImageInfo></SlideStitchInfo><AoiOrigin><AOI0 OriginX="0" OriginY="0"/>'
            "</AoiOrigin></EncodeInfo>"
        )


def _xmp(text: str) -> tuple[int, int, int, bytes, bool]:
    return 700, 1, len(text.encode()), text.encode(), True


def write_trestle(
    path: Path, *, overlaps: str = " 0 0 0 0", overview: bool = True, missing: Collection[int] = (4,)
) -> Path:
    """Write a Trestle TIFF of two levels, with the overview beside it."""
    image = draw_tissue(200, 300)
    text = f"Background Color=E6E6F0;White Balance=FFFFFF;Objective Power=20;JPEG Quality=70;OverlapsXY={overlaps}"
    with tifffile.TiffWriter(path) as tiff:
        for level, pixels in enumerate((image, shrink(image, 2))):
            tags: dict[str, Any] = {"description": text, "software": "MedScan 1.0", "resolution": (0.5, 0.5)}
            add_level(tiff, pixels, missing=missing if level == 0 else (), **tags)
    if overview:
        path.with_suffix(".Full").write_bytes(encode(MACRO))
    return path
