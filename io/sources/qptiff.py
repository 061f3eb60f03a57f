"""Akoya (PerkinElmer) QPTIFF: one directory a channel and level, each with XML that says what it shows.

Directories of the full resolution come first, one a channel, or one of RGB in brightfield; then a thumbnail, then the
directories of each lower level in the same order, then overview and label. Newer software leaves the XML of lower
levels out: such directories are told by their size, half or less of the level before, and by their number.
"""

from itertools import groupby

import tifffile

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.dates import tiff_date_time
from pipeline.io.sources.qptiff_document import QpiChannel, QpiPage, read_page
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.stage import Place, slide_origins_mm
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.io.sources.tiff.resolution import rational, resolution_spacing_mm, resolution_unit_mm
from pipeline.io.sources.tiff.source import TiffSource, source_image
from pipeline.io.sources.tiff.stack import check_levels_shrink, level_image, page_size, read_level, same_shape
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

_FULL, _REDUCED = "FullResolution", "ReducedResolution"
_ASSOCIATED = {"Thumbnail": ImageKind.THUMBNAIL, "Overview": ImageKind.OVERVIEW, "Label": ImageKind.LABEL}
_UM_PER_MM = 1000.0
Told = tuple[tifffile.TiffPage, QpiPage]


def open_qptiff(container: TiffContainer, scene: int) -> SlideSource:
    """Return the slide in a QPTIFF. Raises SourceError."""
    check_scene(container.uri, scene)
    told = [(page, read_page(_description(page), container.uri)) for page in container.pages]
    bases = [(page, qpi) for page, qpi in told if qpi.image_type == _FULL]
    if not bases:
        raise SourceError(f"{container.uri}: no directory of the QPTIFF is called {_FULL}", uri=container.uri)
    levels, warnings = _levels(container, told, bases)
    images: list[list[TiffImage]] = list(levels)
    described = [level_image(i, planes, i, optical_paths=len(bases)) for i, planes in enumerate(levels)]
    warnings += _add_associated(container, told, images, described)
    first = levels[0][0]
    paths = _optical_paths(bases, first.samples)
    description = SlideDescription(
        format="qptiff",
        images=tuple(described),
        facts=_facts(container, bases[0][1], paths, first),
        icc_profile=icc_profile(container.first, container.uri),
        warnings=tuple(warnings),
        optical_paths=paths,
        properties=(*dict.fromkeys(p for _, qpi in told for p in qpi.properties), *text_properties(container)),
    )
    return TiffSource(container, images, description)


def _levels(container: TiffContainer, told: list[Told], bases: list[Told]) -> tuple[list[list[TiffImage]], list[str]]:
    size = page_size(bases[0][0])
    strangers = sum(not qpi.image_type and page_size(page) == size for page, qpi in told)
    if strangers:
        raise SourceError(
            f"{container.uri}: {strangers} directories of the base's size do not say what they show", uri=container.uri
        )
    below = [
        (page, qpi)
        for page, qpi in told
        if qpi.image_type == _REDUCED or (not qpi.image_type and page_size(page) != size)
    ]
    levels, warnings = [read_level(container, [page for page, _ in bases])], []
    for own, group in groupby(below, lambda entry: page_size(entry[0])):
        found = list(group)
        if len(found) != len(bases) or not same_shape(own, size):
            if any(qpi.image_type for _, qpi in found):
                raise SourceError(
                    f"{container.uri}: {len(found)} directories of {own[0]} x {own[1]} are called {_REDUCED}, but "
                    f"{len(bases)} of {size[0]} x {size[1]} {_FULL}: no level can be made of them",
                    uri=container.uri,
                )
            warnings.append(
                f"{len(found)} directories of {own[0]} x {own[1]} were left out: nothing says what they are"
            )
            continue
        _check_names(bases, found, container.uri)
        levels.append(read_level(container, [page for page, _ in found]))
    check_levels_shrink(levels, container.uri)
    return levels, warnings


def _check_names(bases: list[Told], found: list[Told], uri: str) -> None:
    """Raise SourceError when channels of a lower level have other names than those of the base at their places."""
    for (_, base), (page, qpi) in zip(bases, found, strict=True):
        if qpi.channel.name and base.channel.name and qpi.channel.name != base.channel.name:
            raise SourceError(
                f"{uri}: directory {page.index} shows {qpi.channel.name!r} at the place of {base.channel.name!r}: the "
                "levels have their channels in different orders",
                uri=uri,
            )


def _add_associated(
    container: TiffContainer, told: list[Told], images: list[list[TiffImage]], described: list[SourceImage]
) -> list[str]:
    """Add label, overview and thumbnail, the first of each kind; return warnings of what was left out."""
    warnings: list[str] = []
    taken: set[ImageKind] = set()
    for page, qpi in told:
        kind = _ASSOCIATED.get(qpi.image_type)
        if kind is None:
            if qpi.image_type not in ("", _FULL, _REDUCED):
                warnings.append(f"directory {page.index}, of the type {qpi.image_type!r}, was left out")
            continue
        try:
            if kind in taken:
                raise SourceError("there was one before")
            picture = container.image(page)
        except SourceError as error:
            warnings.append(f"the {kind.lower()} in directory {page.index} was left out: {error}")
            continue
        taken.add(kind)
        described.append(source_image(len(images), picture, kind, None))
        images.append([picture])
    return warnings


def _optical_paths(bases: list[Told], samples: int) -> tuple[OpticalPathFacts, ...]:
    """Return a path for each directory of the full resolution, in the file's order."""
    if samples == 3:
        return tuple(OpticalPathFacts() for _ in bases)
    shared = bases[0][1].bands
    channels = [qpi.channel for _, qpi in bases]
    if len(shared) == len(bases):
        channels = [_filled(channel, band) for channel, band in zip(channels, shared, strict=True)]
    emits = len(bases) > 1 or bases[0][1].is_fluorescence or channels[0].emission_nm is not None
    return tuple(
        OpticalPathFacts(
            name=channel.name,
            illumination=Illumination.FLUORESCENCE if emits else Illumination.BRIGHTFIELD,
            excitation_wavelength_nm=channel.excitation_nm,
            emission_wavelength_nm=channel.emission_nm,
            colour=channel.colour,
        )
        for channel in channels
    )


def _filled(channel: QpiChannel, band: QpiChannel) -> QpiChannel:
    """Take from the scan's band what a directory does not say of its channel, unless it is another one's."""
    if channel.name and band.name and channel.name != band.name:
        return channel
    return QpiChannel(
        name=channel.name or band.name,
        colour=channel.colour or band.colour,
        excitation_nm=channel.excitation_nm or band.excitation_nm,
        emission_nm=channel.emission_nm or band.emission_nm,
    )


def _facts(
    container: TiffContainer, qpi: QpiPage, paths: tuple[OpticalPathFacts, ...], first: TiffImage
) -> ScannerFacts:
    """Read the scale from the resolution tags, else from the scan profile."""
    spacing = resolution_spacing_mm(container.first)
    if spacing is None and qpi.pixel_size_um is not None:
        spacing = (qpi.pixel_size_um / _UM_PER_MM, qpi.pixel_size_um / _UM_PER_MM)
    emits = paths[0].illumination is Illumination.FLUORESCENCE
    return ScannerFacts(
        pixel_spacing_mm=spacing,
        objective_power=qpi.magnification,
        manufacturer=container.text("Make") or "Akoya Biosciences",
        model=container.text("Model") or qpi.instrument,
        software_versions=tuple(dict.fromkeys(name for name in (qpi.software, container.text("Software")) if name)),
        acquisition_datetime=tiff_date_time(container.text("DateTime")),
        barcode=qpi.barcode,
        origin_mm=slide_origins_mm([_place(container.first)])[0],
        background=(first.form.added,) if emits and first.samples == 1 else None,
    )


def _place(page: tifffile.TiffPage) -> Place | None:
    """Return XPosition and YPosition in mm (TIFF 6.0 section 12)."""
    across, down = rational(page, "XPosition"), rational(page, "YPosition")
    unit = resolution_unit_mm(page)
    return (across * unit, down * unit) if across is not None and down is not None and unit else None


def _description(page: tifffile.TiffPage) -> str:
    return page.description if isinstance(page.description, str) else ""
