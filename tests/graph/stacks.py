"""Slides of several channels, focal planes or scenes, as small OME-TIFFs."""

from collections.abc import Sequence
from pathlib import Path

from tests.io.sources.ome_tiffs import gray_planes, ome_image, ome_xml, rgb_planes, write_ome_tiff

CHANNELS = (("DAPI", 405, 460), ("FITC", 488, 525), ("Cy5", 640, 670))
"""Name, excitation and emission wavelength in nm."""
UNEVEN_UM = (0.0, 1.0, 4.0)
STEP_UM = 1.5
_SCALE = 'PhysicalSizeX="0.5" PhysicalSizeXUnit="µm" PhysicalSizeY="0.5" PhysicalSizeYUnit="µm"'
_STEP = f'{_SCALE} PhysicalSizeZ="{STEP_UM}" PhysicalSizeZUnit="µm"'
_RGB = '<Channel ID="Channel:0" SamplesPerPixel="3"/>'


def fluorescence(folder: Path, *, focal_planes: int = 5) -> Path:
    """Write three channels of evenly spaced focal planes, 16 bits, in two levels; see `gray_planes` for the pixels."""
    image = ome_image(
        sizes="ZCT",
        counts=(3, focal_planes, 1),
        pixel_type="uint16",
        attributes=_STEP,
        inside=f"{_channels()}<TiffData/>",
    )
    return write_ome_tiff(folder / "f.ome.tif", ome_xml(image), gray_planes(3 * focal_planes, "uint16"), levels=2)


def uneven(folder: Path) -> Path:
    """Write three channels of three focal planes at heights of their own."""
    planes = "".join(
        f'<Plane TheC="{c}" TheZ="{z}" TheT="0" PositionZ="{height}" PositionZUnit="µm"/>'
        for c in range(3)
        for z, height in enumerate(UNEVEN_UM)
    )
    inside = f"{_channels()}<TiffData/>{planes}"
    image = ome_image(sizes="ZCT", counts=(3, 3, 1), pixel_type="uint16", attributes=_SCALE, inside=inside)
    return write_ome_tiff(folder / "u.ome.tif", ome_xml(image), gray_planes(9, "uint16"), levels=2)


def signed(folder: Path) -> Path:
    """Write two channels of signed samples."""
    image = ome_image(counts=(2, 1, 1), pixel_type="int16", attributes=_SCALE)
    return write_ome_tiff(folder / "n.ome.tif", ome_xml(image), gray_planes(2, "int16"))


def jpeg_stack(folder: Path) -> Path:
    """Write three focal planes of RGB as JPEG, in two levels."""
    image = ome_image(counts=(3, 3, 1), attributes=_STEP, inside=f"{_RGB}<TiffData/>")
    path = folder / "j.ome.tif"
    return write_ome_tiff(path, ome_xml(image), rgb_planes(3), levels=2, options={"compression": "jpeg"})


def two_scenes(path: Path, *, places_um: Sequence[tuple[float, float]] = ()) -> Path:
    """Write two images of JPEG; `places_um` are X and Y of the stage for each."""
    images = []
    for number in range(2):
        place = ""
        if places_um:
            x, y = places_um[number]
            units = 'PositionXUnit="µm" PositionYUnit="µm"'
            place = f'<Plane TheC="0" TheZ="0" TheT="0" PositionX="{x}" PositionY="{y}" {units}/>'
        images.append(
            ome_image(
                name="AB"[number],
                counts=(3, 1, 1),
                attributes=_SCALE,
                inside=f'{_RGB}<TiffData IFD="{number}"/>{place}',
            )
        )
    return write_ome_tiff(path, ome_xml(*images), rgb_planes(2), options={"compression": "jpeg"})


def _channels() -> str:
    return "".join(
        f'<Channel ID="Channel:0:{number}" Name="{name}" ExcitationWavelength="{excitation}" '
        f'EmissionWavelength="{emission}" ContrastMethod="Fluorescence" SamplesPerPixel="1"/>'
        for number, (name, excitation, emission) in enumerate(CHANNELS)
    )
