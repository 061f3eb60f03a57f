"""Leica SCN: regions of a slide with levels, channels and focal planes in directories that an XML document names.

Each region is a slide of its own (`slide.scn#scene=2`); all of them have origins in the coordinates of the collection.
The image as large as the collection is the overview. JPEG tiles pass.

Orientation: the collection is the slide standing upright, X across it and Y along it, while levels are written as of a
slide that lies with its label on the left. The origin of a region is counted from the lower right corner of the
collection, so that regions keep their places to each other; the slide as a whole is turned by a quarter.
"""

from dataclasses import replace
from itertools import pairwise

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.dates import date_time
from pipeline.io.sources.numbers import positive
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.scn_document import SCHEMAS, ScnCollection, ScnDimension, ScnImage, parse_collection
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.source import TiffSource, source_image
from pipeline.io.sources.tiff.stack import level_image
from pipeline.io.sources.tiff.tags import icc_profile, text_properties
from pipeline.model.errors import SourceError
from pipeline.model.source import (
    Illumination,
    ImageKind,
    OpticalPathFacts,
    ScannerFacts,
    SlideDescription,
    SourceImage,
)

_NM_PER_MM = 1e6
_NM_PER_UM = 1e3


def is_leica_scn(container: TiffContainer) -> bool:
    """Whether a TIFF file is a Leica SCN."""
    return SCHEMAS in container.description


def open_leica_scn(container: TiffContainer, scene: int) -> SlideSource:
    """Return a region of a Leica SCN; regions are counted from 1 in the document's order. Raises SourceError."""
    uri = container.uri
    collection = parse_collection(container.description, uri)
    regions = [image for image in collection.images if not collection.covers_slide(image)]
    if not regions:
        raise SourceError(f"{uri}: the collection has no image besides the overview; scan the slide again", uri=uri)
    check_scene(uri, scene, len(regions))
    region = regions[scene - 1]
    warnings: list[str] = []
    directories = _Directories(container)
    images, described = _levels(directories, region, warnings)
    _add_overview(directories, collection, images, described, warnings)
    origin = _origin_mm(collection, region, warnings)
    first = images[0][0]
    description = SlideDescription(
        format="leica-scn",
        images=tuple(described),
        facts=_facts(collection, region, first, origin),
        icc_profile=icc_profile(container.pages[_base(region)[0].directory], uri),
        warnings=tuple(warnings),
        optical_paths=_optical_paths(region, sorted({d.channel for d in _base(region)})),
        focal_plane_offsets_um=_offsets_um(region, described[0].focal_planes, uri),
        scenes=tuple(_scene_name(image, i) for i, image in enumerate(regions)) if len(regions) > 1 else (),
        scene=scene,
        shared_coordinates=origin is not None and len(regions) > 1,
        properties=(*collection.properties, *text_properties(container)),
    )
    return TiffSource(container, images, description)


class _Directories:
    """Gives the image of a directory that the document names, once."""

    def __init__(self, container: TiffContainer) -> None:
        self.uri = container.uri
        self._container = container
        self._taken: set[int] = set()

    def image(self, dimension: ScnDimension) -> TiffImage:
        """Return the directory's image, of the size that the document says. Raises SourceError."""
        uri, number = self.uri, dimension.directory
        if not 0 <= number < len(self._container.pages):
            raise SourceError(f"{uri}: the collection names directory {number}, and there is none", uri=uri)
        if number in self._taken:
            raise SourceError(f"{uri}: the collection names directory {number} twice", uri=uri)
        self._taken.add(number)
        image = self._container.image(number)
        if (image.columns, image.rows) != (dimension.columns, dimension.rows):
            raise SourceError(
                f"{uri}: directory {number} is of {image.columns} x {image.rows} pixels, and of "
                f"{dimension.columns} x {dimension.rows} in the collection",
                uri=uri,
            )
        return image


def _base(region: ScnImage) -> list[ScnDimension]:
    """Return the dimensions of the base level, in the order of planes."""
    lowest = min((d.resolution for d in region.dimensions), default=0)
    return _ordered([d for d in region.dimensions if d.resolution == lowest])


def _ordered(dimensions: list[ScnDimension]) -> list[ScnDimension]:
    return sorted(dimensions, key=lambda d: (d.channel, d.plane))


def _levels(
    directories: _Directories, region: ScnImage, warnings: list[str]
) -> tuple[list[list[TiffImage]], list[SourceImage]]:
    uri = directories.uri
    base = _base(region)
    planes = [(d.channel, d.plane) for d in base]
    channels, depths = len({c for c, _ in planes}), len({z for _, z in planes})
    if not base or len(set(planes)) != len(planes) or channels * depths != len(planes):
        raise SourceError(
            f"{uri}: the base level of region {region.name!r} has {len(planes)} directories for {channels} channels "
            f"in {depths} focal planes",
            uri=uri,
        )
    if channels > 1 and not region.is_fluorescence:
        raise SourceError(
            f"{uri}: region {region.name!r} has {channels} channels, and its light is "
            f"{region.illumination or 'not told'}: only fluorescence has several",
            uri=uri,
        )
    images: list[list[TiffImage]] = []
    for resolution in sorted({d.resolution for d in region.dimensions}):
        level = _ordered([d for d in region.dimensions if d.resolution == resolution])
        if [(d.channel, d.plane) for d in level] != planes:
            warnings.append(
                f"resolution {resolution} was left out: it has not the channels and focal planes of the base"
            )
            continue
        images.append([directories.image(dimension) for dimension in level])
    _check_levels(images, region, uri)
    described = [
        level_image(level, tiffs, level, optical_paths=channels, focal_planes=depths)
        for level, tiffs in enumerate(images)
    ]
    return images, described


def _check_levels(levels: list[list[TiffImage]], region: ScnImage, uri: str) -> None:
    """Raise SourceError unless planes are alike, levels shrink, and channels are gray."""
    first = levels[0][0]
    for image in (image for planes in levels for image in planes):
        if (image.samples, image.bits) != (first.samples, first.bits):
            raise SourceError(
                f"{uri}: directories of region {region.name!r} have {image.samples} samples of {image.bits} bits, and "
                f"{first.samples} of {first.bits}",
                uri=uri,
            )
    if any(plane.grid != planes[0].grid or plane.tiled != planes[0].tiled for planes in levels for plane in planes):
        raise SourceError(f"{uri}: planes of region {region.name!r} differ in size or tiles", uri=uri)
    if region.is_fluorescence and first.samples != 1:
        raise SourceError(
            f"{uri}: region {region.name!r} is fluorescence stored in colour, which is not supported; export its "
            "channels in gray",
            uri=uri,
        )
    for larger, smaller in pairwise(planes[0] for planes in levels):
        if smaller.columns >= larger.columns or smaller.rows >= larger.rows:
            raise SourceError(f"{uri}: the levels of region {region.name!r} do not shrink", uri=uri)


def _add_overview(
    directories: _Directories,
    collection: ScnCollection,
    images: list[list[TiffImage]],
    described: list[SourceImage],
    warnings: list[str],
) -> None:
    """Add the largest picture of the whole slide; in colour where there is one in fluorescence beside it."""
    overviews = [image for image in collection.images if collection.covers_slide(image) and image.dimensions]
    overviews.sort(key=lambda image: image.is_fluorescence)
    for number, overview in enumerate(overviews):
        if number:
            warnings.append(f"overview {overview.name!r} was left out: there is another one")
            continue
        largest = _base(overview)[0]
        if len(_base(overview)) > 1:
            warnings.append(f"of overview {overview.name!r} the first channel and focal plane are shown")
        try:
            tiff = directories.image(largest)
        except SourceError as error:
            warnings.append(f"the overview was left out: {error}")
            continue
        described.append(source_image(len(images), tiff, ImageKind.OVERVIEW, None))
        images.append([tiff])


def _origin_mm(collection: ScnCollection, region: ScnImage, warnings: list[str]) -> tuple[float, float] | None:
    """Return X and Y in slide coordinates; None for a region that does not lie in the collection."""
    (left, top), (width, height) = region.offset_nm, region.size_nm
    across, along = collection.size_nm
    if min(left, top) < 0 or min(width, height) <= 0 or left + width > across or top + height > along:
        warnings.append(
            f"region {region.name!r} of {width} x {height} nm at {left},{top} does not lie in the collection of "
            f"{across} x {along} nm: its place on the slide is not known"
        )
        return None
    return (along - top) / _NM_PER_MM, (across - left) / _NM_PER_MM


def _facts(
    collection: ScnCollection, region: ScnImage, base: TiffImage, origin: tuple[float, float] | None
) -> ScannerFacts:
    width, height = region.size_nm
    versions = (part.strip() for part in region.version.split(";"))
    return ScannerFacts(
        pixel_spacing_mm=(height / base.rows / _NM_PER_MM, width / base.columns / _NM_PER_MM)
        if min(width, height) > 0
        else None,
        objective_power=positive(region.objective),
        manufacturer="Leica Biosystems",
        model=region.model.partition(";")[0].strip(),
        software_versions=tuple(dict.fromkeys(version for version in versions if version)),
        acquisition_datetime=_datetime(region.created),
        barcode=collection.barcode,
        label_text=collection.label_text,
        origin_mm=origin,
        background=(0,) * base.samples if region.is_fluorescence else None,
    )


def _datetime(text: str) -> str:
    """Make a DICOM DT of an ISO 8601 time; a fraction of a second is dropped, Z is +0000."""
    zone = text[19:].lstrip(".0123456789")
    return date_time("".join(c for c in text[:19] if c.isdigit()), "+0000" if zone == "Z" else zone.replace(":", ""))


def _optical_paths(region: ScnImage, channels: list[int]) -> tuple[OpticalPathFacts, ...]:
    if not region.is_fluorescence:
        return (OpticalPathFacts(),)
    unnamed = OpticalPathFacts(illumination=Illumination.FLUORESCENCE)
    return tuple(region.channels.get(channel, replace(unnamed, name=f"channel {channel}")) for channel in channels)


def _offsets_um(region: ScnImage, focal_planes: int, uri: str) -> tuple[float, ...]:
    """Return Z of the focal planes: z=0, which the format calls the slide's own, is the nominal one."""
    if focal_planes == 1:
        return (0.0,)
    spacing = region.plane_spacing_nm
    if spacing <= 0:
        raise SourceError(
            f"{uri}: region {region.name!r} has {focal_planes} focal planes and does not tell their distance", uri=uri
        )
    lowest, *above = sorted({d.plane for d in _base(region)})
    return (0.0, *((plane - lowest) * spacing / _NM_PER_UM for plane in above))


def _scene_name(image: ScnImage, place: int) -> str:
    return image.name or f"region {place + 1}"
