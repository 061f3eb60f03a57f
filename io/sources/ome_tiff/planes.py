"""Which directory holds which plane: TiffData of OME-XML (OME-TIFF specification, "The TiffData element").

Every plane has one directory of this file. A document that tells of more planes than there are directories, or of
planes in other files, is refused: a slide with holes where a channel should be would look whole.
"""

from pathlib import Path

from pipeline.io.sources.ome_tiff.model import Document, Image, TiffData
from pipeline.model.errors import SourceError

PlaneIndex = dict[tuple[int, int, int], int]
"""Directory by channel, focal plane and time point."""


def check_one_file(document: Document, uri: str) -> None:
    """Raise SourceError when planes are in other files; a file that was renamed is known by its UUID."""
    blocks = [block for image in document.images for block in image.blocks]
    if not document.uuid and len({(block.file_name, block.uuid) for block in blocks}) == 1:
        return
    name = Path(uri).name.lower()
    others = {block.file_name or block.uuid: None for block in blocks if not _is_own(block, document, name)}
    if others:
        shown = ", ".join(sorted(others)[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        raise SourceError(
            f"{uri} is one file of several: planes are in {shown}; convert them to one OME-TIFF first", uri=uri
        )


def _is_own(block: TiffData, document: Document, name: str) -> bool:
    if not block.file_name and not block.uuid:
        return True
    return block.uuid == document.uuid if document.uuid and block.uuid else block.file_name.lower() == name


def check_plane_numbers(document: Document, directories: int, uri: str) -> None:
    """Raise SourceError for an image with more focal planes and time points than the file has directories."""
    for image in document.images:
        if image.size_z * image.size_t > directories:
            raise SourceError(
                f"{uri}: the OME-XML of {image.name!r} tells of {image.size_z} focal planes at {image.size_t} time "
                f"points, but the file holds {directories} directories",
                uri=uri,
            )


def channel_count(image: Image, stored_samples: int, uri: str) -> int:
    """Return the channels of an image whose directories hold so many samples a pixel.

    SizeC counts samples. SourceError where XML and directories contradict each other.
    """
    declared = {channel.samples_per_pixel for channel in image.channels} - {None}
    if stored_samples == 1 and declared <= {1}:
        return image.size_c
    # Alpha is counted by some writers and not by others.
    samples = {stored_samples, 3} if stored_samples == 4 else {stored_samples}
    for count in sorted(samples):
        if declared <= {count} and image.size_c % count == 0:
            return image.size_c // count
    told = "nothing" if not declared else " and ".join(map(str, sorted(map(str, declared))))
    raise SourceError(
        f"{uri}: the OME-XML of {image.name!r} tells of SizeC {image.size_c} with SamplesPerPixel {told}, "
        f"but its directories hold {stored_samples} samples a pixel",
        uri=uri,
    )


def plane_index(image: Image, channels: int, directories: int, uri: str) -> PlaneIndex:
    """Return the directory of every plane of an image. Raises SourceError for planes without one."""
    sizes = {"C": channels, "Z": image.size_z, "T": image.size_t}
    planes = channels * image.size_z * image.size_t
    if planes > directories:
        raise SourceError(
            f"{uri}: the OME-XML of {image.name!r} tells of {planes} planes (C {channels}, Z {image.size_z}, "
            f"T {image.size_t}), but the file holds {directories} directories",
            uri=uri,
        )
    found: dict[int, int] = {}
    for block in image.blocks or (_EVERYTHING,):
        start = _place(block.first, sizes, image.order)
        begin = block.directory or 0
        rest = 1 if block.directory is not None else planes - start
        count = rest if block.planes is None else block.planes
        if count == image.size_c * image.size_z * image.size_t:
            count = planes  # of a writer that counts each sample of RGB as a plane
        if not 0 <= start <= start + count <= planes or begin + count > directories:
            raise SourceError(
                f"{uri}: TiffData of {image.name!r} puts {count} planes from {_named(block.first)} into directories "
                f"from {begin}: the image has {planes} planes, the file {directories} directories",
                uri=uri,
            )
        found.update({start + i: begin + i for i in range(count)})
    missing = next((place for place in range(planes) if place not in found), None)
    if missing is not None:
        raise SourceError(
            f"{uri}: no directory holds the plane {_named(_plane(missing, sizes, image.order))} of {image.name!r}",
            uri=uri,
        )
    if len(set(found.values())) < planes:
        raise SourceError(f"{uri}: the OME-XML of {image.name!r} puts two planes into one directory", uri=uri)
    return {_plane(place, sizes, image.order): directory for place, directory in found.items()}


_EVERYTHING = TiffData(first=(0, 0, 0), directory=None, planes=None, file_name="", uuid="")
"""What an image without TiffData has: all planes, from the first directory."""


def _place(plane: tuple[int, int, int], sizes: dict[str, int], order: str) -> int:
    """Return the place of a plane in the dimension order; -1 outside of the sizes."""
    numbers = dict(zip("CZT", plane, strict=True))
    place, step = 0, 1
    for axis in order:
        if not 0 <= numbers[axis] < sizes[axis]:
            return -1
        place += numbers[axis] * step
        step *= sizes[axis]
    return place


def _plane(place: int, sizes: dict[str, int], order: str) -> tuple[int, int, int]:
    """Return channel, focal plane and time point at a place in the dimension order."""
    numbers = {}
    for axis in order:
        place, numbers[axis] = divmod(place, sizes[axis])
    return numbers["C"], numbers["Z"], numbers["T"]


def _named(plane: tuple[int, int, int]) -> str:
    return "C {}, Z {}, T {}".format(*plane)
