"""What OME-XML tells of scanner, channels and focal planes, in the words of this project."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from pipeline.io.sources.dates import date_time
from pipeline.io.sources.ome_tiff.model import Document, Image, Microscope, PlanePosition
from pipeline.io.sources.stage import Place
from pipeline.model.source import Illumination, OpticalPathFacts, ScannerFacts

_Entry = TypeVar("_Entry")
_UM_PER_MM = 1000.0
_UNKNOWN_STEP_UM = 1.0
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.\d*)?(Z|[+-]\d\d:?\d\d)?)?")


def optical_paths(
    image: Image, samples: int, shown: Sequence[tuple[int, int, int] | None]
) -> tuple[OpticalPathFacts, ...]:
    """Return a path for each channel, in the XML's order; `shown` are the colours of the channels' palettes.

    RGB is brightfield; several channels of gray, or one that is shown in a colour, are fluorescence: unless the XML
    says otherwise.
    """
    told = [*image.channels, *[None] * len(shown)][: len(shown)]
    colours = [(channel.colour if channel else None) or palette for channel, palette in zip(told, shown, strict=True)]
    coloured = any(colour is not None and len(set(colour)) > 1 for colour in colours)
    emits = samples == 1 and (len(shown) > 1 or coloured)
    default = Illumination.FLUORESCENCE if emits else Illumination.BRIGHTFIELD
    return tuple(
        OpticalPathFacts(
            name=channel.name if channel else "",
            illumination=(channel.illumination if channel else None) or default,
            excitation_wavelength_nm=channel.excitation_nm if channel else None,
            emission_wavelength_nm=channel.emission_nm if channel else None,
            colour=colour if samples == 1 else None,
        )
        for channel, colour in zip(told, colours, strict=True)
    )


def focal_planes(image: Image, time: int) -> tuple[list[int], tuple[float, ...], list[str]]:
    """Return the numbers of the focal planes from glass to coverslip, their Z in micrometres, and warnings.

    Stage positions give order and distances, uneven ones too. Without them the planes are in the XML's order,
    PhysicalSizeZ apart. Z is counted from the lowest plane.
    """
    numbers = list(range(image.size_z))
    if image.size_z == 1:
        return numbers, (0.0,), []
    heights = [_position(image, (0, z, time)).z_um for z in numbers]
    known = [height for height in heights if height is not None]
    if len(set(known)) == image.size_z:
        numbers.sort(key=lambda z: known[z])
        offsets = tuple(known[z] - min(known) for z in numbers)
        # Of heights that differ by less than a number can tell, none is an order.
        if all(upper > lower for lower, upper in pairwise(offsets)):
            return numbers, offsets, []
        numbers = list(range(image.size_z))
    step = image.physical_size_um[2]
    warnings = []
    if step is None:
        step = _UNKNOWN_STEP_UM
        warnings.append(f"the distance of the {image.size_z} focal planes is not told: {step:g} micrometre is written")
    return numbers, tuple(z * step for z in numbers), warnings


def scanner_facts(document: Document, image: Image, paths: tuple[OpticalPathFacts, ...], samples: int) -> ScannerFacts:
    """Return what is told of scale, instrument and date; the origin is known with those of all scenes."""
    across, down, _ = image.physical_size_um
    microscope = _only(document.instruments, image.instrument) or Microscope()
    black = samples == 1 and paths[0].illumination in (Illumination.FLUORESCENCE, Illumination.DARKFIELD)
    return ScannerFacts(
        pixel_spacing_mm=(down / _UM_PER_MM, across / _UM_PER_MM) if across is not None and down is not None else None,
        objective_power=_only(document.magnifications, image.objective),
        manufacturer=microscope.manufacturer,
        model=microscope.model,
        serial_number=microscope.serial_number,
        software_versions=(document.creator,) if document.creator else (),
        acquisition_datetime=_datetime(image.acquisition_date),
        background=(0,) if black else None,
    )


def stage_place(image: Image, time: int) -> Place | None:
    """Return X and Y of the stage in mm where an image was taken; None: not known."""
    position = _position(image, (0, 0, time))
    if position.x_um is None or position.y_um is None:
        return None
    return position.x_um / _UM_PER_MM, position.y_um / _UM_PER_MM


def _position(image: Image, plane: tuple[int, int, int]) -> PlanePosition:
    return image.positions.get(plane) or PlanePosition(x_um=None, y_um=None, z_um=None)


def _only(entries: dict[str, _Entry], reference: str) -> _Entry | None:
    """Return what is referred to; without a reference, the one there is."""
    if reference in entries:
        return entries[reference]
    return next(iter(entries.values())) if len(entries) == 1 and not reference else None


def _datetime(text: str) -> str:
    match = _DATE.fullmatch(text)
    if match is None:
        return ""
    *digits, zone = match.groups()
    offset = "+0000" if zone == "Z" else (zone or "").replace(":", "")
    return date_time("".join(part for part in digits if part), offset)
