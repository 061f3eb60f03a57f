"""Philips TIFF: levels padded to whole tiles, with tiles missing where nothing was scanned. JPEG tiles pass.

ImageWidth and ImageLength of a level are its tiles, padding included, so that levels differ in shape. What they are of
the base is told by the pixel spacings in the XML document; a level is as large as the base over that factor, rounded
down, and its tiles beyond that are no part of it. Label and overview are directories, or JPEGs in the document.
"""

import re

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.dates import date_time
from pipeline.io.sources.philips_document import ROOT_TYPE, PhilipsDocument, decode_base64, parse_philips
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.jpegs_beside import JpegsBesideSource
from pipeline.io.sources.tiff.source import source_image
from pipeline.io.sources.tiff.tags import icc_profile, text_properties
from pipeline.io.sources.tiff.whole_jpeg import WholeJpeg
from pipeline.model.errors import SourceError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import ImageKind, ScannerFacts, SlideDescription, SourceImage

_PICTURES = {"Label": ImageKind.LABEL, "Macro": ImageKind.OVERVIEW}
"""What the ImageDescription of a directory that is no level begins with."""
_FACTOR_TOLERANCE = 0.02
_LARGEST_POWER = 200


def is_philips(container: TiffContainer) -> bool:
    """Whether a TIFF file is a Philips TIFF."""
    return container.text("Software").startswith("Philips") and ROOT_TYPE in container.description


def open_philips(container: TiffContainer, scene: int) -> SlideSource:
    """Return the slide in a Philips TIFF. Raises SourceError."""
    uri = container.uri
    check_scene(uri, scene)
    document = parse_philips(container.description, uri)
    warnings: list[str] = []
    images: list[list[TiffImage]] = []
    pictures: dict[ImageKind, int] = {}
    for number, page in enumerate(container.pages):
        kind = next((k for name, k in _PICTURES.items() if page.description.startswith(name)), None)
        if page.is_tiled and kind is None:
            images.append([container.image(number)])
        elif kind is not None and kind not in pictures:
            pictures[kind] = number
        else:
            warnings.append(f"directory {number} was left out: its role is not known")
    if not images:
        raise SourceError(f"{uri}: none of its directories is stored in tiles, as levels are", uri=uri)
    _cut_padding([planes[0] for planes in images], document, uri, warnings)
    described: list[SourceImage] = [
        source_image(level, planes[0], ImageKind.VOLUME, level) for level, planes in enumerate(images)
    ]
    jpegs: dict[int, WholeJpeg] = {}
    for kind, text in ((ImageKind.LABEL, document.label), (ImageKind.OVERVIEW, document.macro)):
        index = len(images)
        try:
            if kind in pictures:
                picture = container.image(pictures[kind])
                described.append(source_image(index, picture, kind, None))
                images.append([picture])
            elif text:
                jpegs[index] = WholeJpeg(decode_base64(text) or b"", uri, kind.lower())
                described.append(jpegs[index].described(index, kind))
                images.append([])
        except SourceError as error:
            warnings.append(f"the {kind.lower()} was left out: {error}")
    description = SlideDescription(
        format="philips",
        images=tuple(described),
        facts=_facts(document),
        icc_profile=icc_profile(container.first, uri) or decode_base64(document.value("DICOM_ICCPROFILE")) or b"",
        warnings=tuple(warnings),
        properties=(*document.properties, *text_properties(container)),
    )
    return JpegsBesideSource(container, images, description, jpegs=jpegs)


def _cut_padding(levels: list[TiffImage], document: PhilipsDocument, uri: str, warnings: list[str]) -> None:
    """Give each level its own size, without padding and the tiles that hold nothing else."""
    spacings = document.level_spacings_mm
    if len(spacings) != len(levels):
        raise SourceError(f"{uri}: it tells {len(spacings)} pixel spacings for {len(levels)} levels", uri=uri)
    base, before = levels[0], 1
    for number, (level, spacing) in enumerate(zip(levels[1:], spacings[1:], strict=True), start=1):
        ratio = (spacing[0] / spacings[0][0] + spacing[1] / spacings[0][1]) / 2
        factor = round(min(ratio, 1e6))
        if factor <= before or abs(ratio / factor - 1) > _FACTOR_TOLERANCE:
            raise SourceError(
                f"{uri}: level {number} is {ratio:.4g} times coarser than the base: no whole factor, or none "
                "above that of the level before it",
                uri=uri,
            )
        before = factor
        expected = (max(1, base.columns // factor), max(1, base.rows // factor))
        if level.columns < expected[0] or level.rows < expected[1]:
            warnings.append(
                f"level {number} holds {level.columns} x {level.rows} pixels of the {expected[0]} x {expected[1]} that "
                "its pixel spacing means: it is smaller by that much"
            )
        _crop(level, min(level.columns, expected[0]), min(level.rows, expected[1]))


def _crop(level: TiffImage, columns: int, rows: int) -> None:
    """Make a level smaller, from its top left corner."""
    stored = level.grid
    level.columns, level.rows = columns, rows
    level.grid = TileGrid(columns, rows, stored.tile_columns, stored.tile_rows)
    shape, kept = (stored.down, stored.across), (slice(level.grid.down), slice(level.grid.across))
    level.offsets = level.offsets.reshape(shape)[kept].ravel()
    level.lengths = level.lengths.reshape(shape)[kept].ravel()


def _facts(document: PhilipsDocument) -> ScannerFacts:
    barcode = decode_base64(document.value("PIM_DP_UFS_BARCODE")) or b""
    date, _, _ = document.value("DICOM_ACQUISITION_DATETIME").partition(".")
    return ScannerFacts(
        pixel_spacing_mm=document.spacing_mm,
        objective_power=_power(document.value("DICOM_DERIVATION_DESCRIPTION")),
        manufacturer=document.value("DICOM_MANUFACTURER"),
        model=document.value("DICOM_MANUFACTURERS_MODEL_NAME"),
        serial_number=document.value("DICOM_DEVICE_SERIAL_NUMBER"),
        software_versions=document.values("DICOM_SOFTWARE_VERSIONS"),
        acquisition_datetime=date_time(date),
        barcode=barcode.decode("utf-8", "replace").strip("\0 \r\n"),
    )


def _power(derivation: str) -> float | None:
    """Return the objective power: the first of the derivation's `levels`, where it can be one."""
    found = re.search(r"(?:^|-)levels=(\d{1,3})(?!\d)", derivation)
    power = int(found[1]) if found else 0
    return float(power) if 0 < power <= _LARGEST_POWER else None
