"""Slides of formats that OpenSlide reads, built from its pages on them; none of them comes from a scanner.

A MIRAX is Slidedat.ini, an index and a data file; a Sakura slide is a SQLite database; a VMS is an index of JPEG files.
"""

import io
import sqlite3
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.model.tiles import Pixels
from tests.io.sources.vendor_files import LABEL, MACRO, encode
from tests.sample import draw_tissue, shrink

_SLIDE_ID = "0A6E096C19BC4977A324C3AE7EFD105F"
_EDGE = 128
_POSITIONS = (
    "NONHIER_1_NAME = VIMSLIDE_POSITION_BUFFER",
    "NONHIER_1_COUNT = 1",
    "NONHIER_1_VAL_0 = default",
    "NONHIER_1_VAL_0_SECTION = NONHIERLAYER_1_LEVEL_0_SECTION",
    "[NONHIERLAYER_1_LEVEL_0_SECTION]",
    "VIMSLIDE_POSITION_DATA_FORMAT_VERSION = 257",
)


@dataclass(frozen=True, kw_only=True)
class MiraxSlide:
    """A MIRAX of photos that do not overlap, each one image of 128 pixels."""

    columns: int = 4
    rows: int = 3
    levels: int = 2
    missing: tuple[int, ...] = ()
    """Photos that were not taken, counted by rows. Lower levels miss an image where all of its photos are."""
    kind: str = "SLIDE_TYPE_BRIGHTFIELD"
    filters: tuple[tuple[str, int], ...] = ()
    """Name, and STORING_CHANNEL_NUMBER."""
    focus_levels: int = 1
    stored_focus_levels: int = 0
    stored_filters: int = 0
    spacing: tuple[str, str] = ("0.25", "0.25")
    """Micrometres a pixel in X and Y."""
    image_format: str = "JPEG"
    positions: bool = False
    """Where the camera took each photo is stored; OpenSlide then tells the bounds of all of them."""

    def picture(self, level: int = 0) -> Pixels:
        """Draw a level, what was not scanned too."""
        picture = draw_tissue(self.rows * _EDGE, self.columns * _EDGE)
        return shrink(picture, 1 << level) if level else picture

    def is_missing(self, column: int, row: int, level: int = 0) -> bool:
        """Whether an image of a level, by its place in the grid of photos, was not stored."""
        step = 1 << level
        photos = [
            y * self.columns + x
            for y in range(row, min(self.rows, row + step))
            for x in range(column, min(self.columns, column + step))
        ]
        return all(photo in self.missing for photo in photos)

    def write(self, path: Path) -> Path:
        """Write the slide and the folder beside it."""
        folder = path.with_suffix("")
        folder.mkdir()
        path.write_bytes(encode(self.picture(1)))
        data = bytearray(b"01.02" + _SLIDE_ID.encode() + b"000" + bytes(256))
        records = [self._images(level, data) for level in range(self.levels)]
        one = struct.pack("<4i", 0, len(data), 0, 0)
        records += [[one] * (value < self.stored_filters) for value in range(max(1, len(self.filters)))]
        records += [[one] * (value < self.stored_focus_levels) for value in range(self.focus_levels)]
        pictures = []
        for picture in (LABEL, MACRO):
            jpeg = encode(picture)
            pictures.append([struct.pack("<5i", 0, 0, len(data), len(jpeg), 0)])
            data += jpeg
        if self.positions:
            places = [(x * _EDGE, y * _EDGE) for y in range(self.rows) for x in range(self.columns)]
            buffer = b"".join(struct.pack("<B2i", n not in self.missing, *place) for n, place in enumerate(places))
            pictures.append([struct.pack("<5i", 0, 0, len(data), len(buffer), 0)])
            data += buffer
        (folder / "Data0000.dat").write_bytes(data)
        (folder / "Index.dat").write_bytes(_index(records, pictures))
        (folder / "Slidedat.ini").write_text(self._settings(), encoding="utf-8-sig")
        return path

    def _images(self, level: int, data: bytearray) -> list[bytes]:
        items = []
        picture, step = self.picture(level), 1 << level
        edges = [(0, -edge % _EDGE) for edge in picture.shape[:2]]
        padded = np.pad(picture, (*edges, (0, 0)), mode="edge")
        for row in range(0, self.rows, step):
            for column in range(0, self.columns, step):
                if self.is_missing(column, row, level):
                    continue
                y, x = row // step * _EDGE, column // step * _EDGE
                stored = self._encoded(padded[y : y + _EDGE, x : x + _EDGE])
                items.append(struct.pack("<4i", row * self.columns + column, len(data), len(stored), 0))
                data += stored
        return items

    def _encoded(self, pixels: Pixels) -> bytes:
        if self.image_format == "JPEG":
            return encode(pixels, 95)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, self.image_format.lower())
        return stream.getvalue()

    def _settings(self) -> str:
        names = [f"ZoomLevel_{level}" for level in range(self.levels)]
        hierarchies = {
            "Slide zoom level": [f"LAYER_0_LEVEL_{level}_SECTION" for level in range(self.levels)],
            "Slide filter level": [f"LAYER_1_LEVEL_{n}_SECTION" for n in range(max(1, len(self.filters)))],
            "Microscope focus level": [f"LAYER_2_LEVEL_{n}_SECTION" for n in range(self.focus_levels)],
        }
        lines = [
            "[GENERAL]",
            "SLIDE_VERSION = 01.02",
            f"SLIDE_ID = {_SLIDE_ID}",
            "SLIDE_NAME = Case 17",
            f"SLIDE_TYPE = {self.kind}",
            "SLIDE_CREATIONDATETIME = 25/03/2010 15:43:21",
            f"IMAGENUMBER_X = {self.columns}",
            f"IMAGENUMBER_Y = {self.rows}",
            "OBJECTIVE_MAGNIFICATION = 20",
            "CameraImageDivisionsPerSide = 1",
            "[HIERARCHICAL]",
            "INDEXFILE = Index.dat",
            f"HIER_COUNT = {len(hierarchies)}",
        ]
        for number, (name, sections) in enumerate(hierarchies.items()):
            lines += [f"HIER_{number}_NAME = {name}", f"HIER_{number}_COUNT = {len(sections)}"]
            for value, section in enumerate(sections):
                lines += [
                    f"HIER_{number}_VAL_{value} = {names[value] if number == 0 else value}",
                    f"HIER_{number}_VAL_{value}_SECTION = {section}",
                ]
        lines += [
            f"NONHIER_COUNT = {2 if self.positions else 1}",
            "NONHIER_0_NAME = Scan data layer",
            "NONHIER_0_COUNT = 2",
            "NONHIER_0_VAL_0 = ScanDataLayer_SlideBarcode",
            "NONHIER_0_VAL_0_SECTION = NONHIERLAYER_0_LEVEL_0_SECTION",
            "NONHIER_0_VAL_1 = ScanDataLayer_SlideThumbnail",
            "NONHIER_0_VAL_1_SECTION = NONHIERLAYER_0_LEVEL_1_SECTION",
            *(_POSITIONS if self.positions else ()),
            "[NONHIERLAYER_0_LEVEL_0_SECTION]",
            "BARCODE_IMAGE_TYPE = JPEG",
            "[NONHIERLAYER_0_LEVEL_1_SECTION]",
            "THUMBNAIL_IMAGE_TYPE = JPEG",
            "[DATAFILE]",
            "FILE_COUNT = 1",
            "FILE_0 = Data0000.dat",
        ]
        for level in range(self.levels):
            lines += [
                f"[LAYER_0_LEVEL_{level}_SECTION]",
                "OVERLAP_X = 0",
                "OVERLAP_Y = 0",
                f"MICROMETER_PER_PIXEL_X = {self.spacing[0]}",
                f"MICROMETER_PER_PIXEL_Y = {self.spacing[1]}",
                f"IMAGE_FORMAT = {self.image_format}",
                "IMAGE_FILL_COLOR_BGR = 15790320",
                f"DIGITIZER_WIDTH = {_EDGE}",
                f"DIGITIZER_HEIGHT = {_EDGE}",
                f"IMAGE_CONCAT_FACTOR = {min(level, 1)}",
            ]
        for number, (name, channel) in enumerate(self.filters):
            lines += [
                f"[LAYER_1_LEVEL_{number}_SECTION]",
                f"FILTER_NAME = {name}",
                f"STORING_CHANNEL_NUMBER = {channel}",
                "COLOR_R = 0",
                "COLOR_G = 128",
                "COLOR_B = 255",
            ]
        return "\r\n".join(lines) + "\r\n"


def _index(records: list[list[bytes]], pictures: list[list[bytes]]) -> bytes:
    """Return an index: root tables of pointers, each to an empty page before the one of the items."""
    head = b"01.02" + _SLIDE_ID.encode()
    place = len(head) + 8
    tables = [place, place + 4 * len(records)]
    place = tables[1] + 4 * len(pictures)
    pointers, pages = [], bytearray()
    for items in (*records, *pictures):
        if not items:
            pointers.append(0)
            continue
        pointers.append(place + len(pages))
        pages += struct.pack("<2i", 0, place + len(pages) + 8)
        pages += struct.pack("<2i", len(items), 0) + b"".join(items)
    return head + struct.pack("<2i", *tables) + struct.pack(f"<{len(pointers)}i", *pointers) + bytes(pages)


def write_sakura(path: Path, *, planes: int = 1, missing: Collection[int] = ()) -> Path:
    """Write a Sakura slide of two levels in tiles of 256, a gray JPEG for each colour."""
    edge, picture = 256, draw_tissue(512, 768)
    database = sqlite3.connect(path)
    with database:
        database.execute("CREATE TABLE DataManagerSQLiteConfigXPO (TableName TEXT)")
        database.execute("INSERT INTO DataManagerSQLiteConfigXPO VALUES ('SVSlide_1')")
        database.execute("CREATE TABLE SVSlide_1 (id TEXT PRIMARY KEY, size INTEGER, data BLOB)")
        database.execute("CREATE TABLE tile (TILEID TEXT, PYRAMIDLEVEL, COLUMNINDEX, ROWINDEX, COLORINDEX)")
        database.execute(
            "CREATE TABLE SVSlideDataXPO (OID INTEGER, m_labelScan INTEGER, m_overviewScan INTEGER, SlideId TEXT, "
            "Date TEXT, Description TEXT, Creator TEXT, DiagnosisCode TEXT, Keywords TEXT)"
        )
        database.execute(
            "INSERT INTO SVSlideDataXPO VALUES (1, 1, 2, 'u', '2012-03-04 05:06:07', '', 'A. N.', '0', '')"
        )
        database.execute(
            "CREATE TABLE SVHRScanDataXPO (OID INTEGER, ParentSlide INTEGER, ScanId TEXT, Date TEXT, Description TEXT, "
            "Name TEXT, ResolutionMmPerPix REAL, NominalLensMagnification REAL, ThumbnailImage BLOB, "
            "FocussingMethod INTEGER)"
        )
        thumbnail = encode(shrink(picture, 8))
        database.execute("INSERT INTO SVHRScanDataXPO VALUES (1, 1, 's', '', '', '', 0.00047, 20, ?, 1)", (thumbnail,))
        database.execute("CREATE TABLE SVScannedImageDataXPO (OID INTEGER, Image BLOB)")
        for number, image in ((1, LABEL), (2, MACRO)):
            database.execute("INSERT INTO SVScannedImageDataXPO VALUES (?, ?)", (number, encode(image)))
        header = struct.pack("<7I", edge, picture.shape[1], picture.shape[0], 8, planes, 3, 1)
        blobs: dict[str, bytes] = {"++MagicBytes": b"SVGigaPixelImage", "++VersionBytes": b"1.0.0", "Header": header}
        for factor in (1, 2):
            image = shrink(picture, factor) if factor > 1 else picture
            places = [(x, y) for y in range(0, image.shape[0], edge) for x in range(0, image.shape[1], edge)]
            for number, (x, y) in enumerate(places):
                if factor == 1 and number in missing:
                    continue
                tile = np.zeros((edge, edge, 3), np.uint8)
                part = image[y : y + edge, x : x + edge]
                tile[: part.shape[0], : part.shape[1]] = part
                for colour in range(3):
                    name = f"T;{x * factor}|{y * factor};{factor};{colour};0"
                    blobs[name] = encode(tile[..., colour : colour + 1], 95)
                    row = (name, factor, x * factor, y * factor, colour)
                    database.execute("INSERT INTO tile VALUES (?, ?, ?, ?, ?)", row)
        for name, blob in blobs.items():
            database.execute("INSERT INTO SVSlide_1 VALUES (?, ?, ?)", (name, len(blob), blob))
    database.close()
    return path


def write_vms(path: Path, *, changes: Mapping[str, str] | None = None) -> Path:
    """Write a VMS of one JPEG with restart markers, a map and a macro."""
    picture = draw_tissue(256, 512)
    for name, image in (("image.jpg", picture), ("map.jpg", shrink(picture, 4)), ("macro.jpg", MACRO)):
        Image.fromarray(image).save(path.parent / name, quality=95, subsampling=0, restart_marker_blocks=8)
    (path.parent / "opt.opt").write_bytes(bytes(40))
    values = {
        "NoLayers": "1",
        "NoJpegColumns": "1",
        "NoJpegRows": "1",
        "ImageFile": "image.jpg",
        "MapFile": "map.jpg",
        "OptimisationFile": "opt.opt",
        "MacroImage": "macro.jpg",
        "SourceLens": "20",
        "PhysicalWidth": "235520",
        "PhysicalHeight": "117760",
    } | dict(changes or {})
    lines = ["[Virtual Microscope Specimen]", *(f"{name}={value}" for name, value in values.items())]
    path.write_text("\r\n".join(lines) + "\r\n")
    return path


def write_vmu(path: Path, *, changes: Mapping[str, str | None] | None = None) -> Path:
    """Write a VMU: RGB of 12 bits, uncompressed, in columns of 64 pixels."""
    for name, picture in (("image.ngr", draw_tissue(96, 128)), ("map.ngr", draw_tissue(24, 64))):
        rows, columns = picture.shape[:2]
        head = b"GN\0\0" + struct.pack("<3I", columns, rows, 64) + bytes(8) + struct.pack("<I", 28)
        parts = [picture[:, x : x + 64].astype("<u2") << 4 for x in range(0, columns, 64)]
        (path.parent / name).write_bytes(head + b"".join(part.tobytes() for part in parts))
    Image.fromarray(MACRO).save(path.parent / "macro.jpg", quality=95, subsampling=0)
    values = {
        "NoLayers": "1",
        "ImageFile": "image.ngr",
        "MapFile": "map.ngr",
        "MapScale": "4",
        "PixelWidth": "128",
        "PixelHeight": "96",
        "BitsPerPixel": "36",
        "PixelOrder": "RGB",
        "MacroImage": "macro.jpg",
        "SourceLens": "20",
        "PhysicalWidth": "58880",
        "PhysicalHeight": "44160",
        "HardwareSerial": "100117",
    } | dict(changes or {})
    settings = (f"{name}={value}" for name, value in values.items() if value is not None)
    lines = ["[Uncompressed Virtual Microscope Specimen]", *settings]
    path.write_text("\r\n".join(lines) + "\r\n")
    return path
