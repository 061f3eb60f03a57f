"""Describe a series: its images, and what its headers say of slide, scanner and patient."""

from collections.abc import Iterator, Sequence

from pydicom import Dataset

from pipeline.io.sources.dicom.facts import (
    has_usual_orientation,
    icc_profile,
    optical_paths,
    properties,
    scanner_facts,
)
from pipeline.io.sources.dicom.lossy import lossy_history
from pipeline.io.sources.dicom.metadata import series_metadata
from pipeline.io.sources.dicom.series import SeriesImage
from pipeline.model.errors import SourceError
from pipeline.model.source import ImageKind, SlideDescription, SourceImage, TaggedColour, compression_of


def describe_series(images: Sequence[SeriesImage], doubts: Sequence[str]) -> SlideDescription:
    """Return the description of a series; its levels come first, base first."""
    base = images[0]
    header = base.instances[0].header
    label = next((_header(one) for one in images if one.image.kind is ImageKind.LABEL), None)
    metadata, left_out = series_metadata(header, label)
    headers = [instance.header for one in images for instance in one.instances]
    return SlideDescription(
        format="dicom",
        images=tuple(_describe(index, one, base) for index, one in enumerate(images)),
        facts=scanner_facts(header, label),
        icc_profile=icc_profile(header),
        warnings=(*doubts, *_doubts(header), *left_out),
        optical_paths=optical_paths(headers, base.image.paths, base.image.form.samples),
        focal_plane_offsets_um=base.image.z_um if len(base.image.z_um) > 1 else (0.0,),
        metadata=metadata,
        properties=tuple(dict.fromkeys(text for one in headers for text in properties(one))),
    )


def _describe(index: int, described: SeriesImage, base: SeriesImage) -> SourceImage:
    image, form = described.image, described.image.form
    is_level = image.kind is ImageKind.VOLUME
    if is_level and len(image.z_um) > 1 and image.z_um != base.image.z_um:
        raise SourceError(
            f"{described.instances[0].name}: the focal planes of a lower level are not those of the base",
            uri=image.uri,
        )
    syntax = form.transfer_syntax
    return SourceImage(
        index=index,
        kind=image.kind,
        level=index if is_level else None,
        grid=image.grid,
        tiled=True,
        samples=form.samples,
        bits=form.bits,
        significant_bits=form.bits_stored if 8 < form.bits_stored < form.bits else None,
        added=1 << (form.bits_stored - 1) if form.signed else 0,
        optical_paths=len(image.paths),
        focal_planes=len(image.z_um),
        compression=compression_of(syntax),
        colour=_colour(form.photometric),
        lossy=lossy_history(
            _header(described),
            syntax,
            pixel_bytes=image.grid.columns * image.grid.rows * image.planes * form.samples * (form.bits // 8),
            stored_bytes=image.stored_bytes,
        ),
        lossless_frames=syntax.is_encapsulated,
    )


def _doubts(header: Dataset) -> Iterator[str]:
    if not has_usual_orientation(header):
        cosines = "\\".join(f"{float(c):g}" for c in header.ImageOrientationSlide)
        yield (
            f"ImageOrientationSlide {cosines} is not that of a slide with its label on the left; what is written says "
            "0\\-1\\0\\-1\\0\\0 and a default origin"
        )


def _header(described: SeriesImage) -> Dataset:
    return described.instances[0].header


def _colour(photometric: str) -> TaggedColour:
    if photometric.startswith("MONOCHROME"):
        return TaggedColour.GRAY
    return TaggedColour.YCBCR if photometric in ("YBR_FULL", "YBR_FULL_422") else TaggedColour.RGB
