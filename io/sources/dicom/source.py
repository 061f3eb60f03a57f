"""A DICOM series as a slide: VL Whole Slide Microscopy images as scanners, archives and other converters write them."""

import hashlib
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from numpy import uint64
from numpy.typing import NDArray

from pipeline.io.codecs.contract import TileCodec
from pipeline.io.sources.contract import ComposedSource, SlideSource
from pipeline.io.sources.dicom.description import describe_series
from pipeline.io.sources.dicom.files import series_and_unplaced
from pipeline.io.sources.dicom.instance import Instance
from pipeline.io.sources.dicom.objects import series_objects
from pipeline.io.sources.dicom.series import read_series
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.fingerprint import hash_blocks
from pipeline.io.sources.scenes import check_scene
from pipeline.io.storage.address import is_address
from pipeline.model.colour_choice import Background
from pipeline.model.errors import SlidebeamError, SourceError
from pipeline.model.source import Illumination, ImageKind, SlideDescription, SourceImage
from pipeline.model.tiles import Buffer, Pixels

_PIECE = 1 << 20
_DARK = (Illumination.FLUORESCENCE, Illumination.DARKFIELD)


def open_dicom(path: str, scene: int) -> SlideSource:
    """Open the series of a DICOM file: the file, and those beside it. Raises SourceError."""
    check_scene(path, scene)
    return DicomSource(path)


class DicomSource(ComposedSource):
    """A slide whose images are the instances of one series. `uri` is one of its files."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        with ExitStack() as opened:
            self._files = []
            for name in series_objects(uri) if is_address(uri) else map(str, _series_files(Path(uri))):
                file = FileBytes(name)
                opened.callback(file.close)
                self._files.append(file)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # pydicom's, of values that are checked here
                    series, doubts = read_series(self._files, uri)
                    self._description = describe_series(series, doubts)
            except SlidebeamError as error:
                raise error if isinstance(error, SourceError) else SourceError(f"{uri}: {error}", uri=uri) from error
            except Exception as error:  # values of a damaged header may be anything
                raise SourceError(
                    f"{uri} cannot be opened as a slide ({type(error).__name__}: {error}); check that it is complete",
                    uri=uri,
                ) from error
            self._images = [one.image for one in series]
            self._background = [absent_samples(self._description, image) for image in self._description.images]
            self._digested = {instance.name: _digested_bytes(instance) for one in series for instance in one.instances}
            """How much of a file counts in full."""
            self._opened = opened.pop_all()

    def describe(self) -> SlideDescription:
        """Return what the headers tell."""
        return self._description

    def fingerprint(self) -> str:
        """Digest of headers, of samples of the levels, and of all of label, overview and thumbnail."""
        digests = []
        for file in self._files:
            digest = hashlib.blake2b(digest_size=16)
            hash_blocks(digest, file)
            for start in range(0, self._digested.get(file.uri, 0), _PIECE):
                digest.update(file.read(start, min(_PIECE, self._digested[file.uri] - start)))
            digests.append(digest.digest())
        return hashlib.blake2b(b"".join(sorted(digests)), digest_size=16).hexdigest()

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[uint64] | None:
        """Return the bytes of each tile's frame; None where frames are native."""
        if not self._description.images[image].lossless_frames:
            return None
        return self._images[image].lengths(plane)

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """Return the codec of the frames."""
        return self._images[image].codec(plane)

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Return frames as stored, the fragments of one joined."""
        return self._images[image].read_tiles(first, count, plane)

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Return decoded tiles."""
        return self._images[image].read_pixels(first, count, plane)

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Compose a rectangle from the tiles that it touches."""
        return self._images[image].read_region(x, y, columns, rows, plane, self._background[image])

    def paint_background(self, background: Background) -> None:
        """Take the colour of tiles of which no frame is stored, native ones too."""
        for image in self._description.levels:
            self._background[image.index] = background.samples(image.samples, image.bits_stored)

    def close(self) -> None:
        """Close all files."""
        self._opened.close()


def absent_samples(description: SlideDescription, image: SourceImage) -> tuple[int, ...]:
    """Return the colour of what was not scanned: white, and black where light is emitted."""
    dark = image.kind is ImageKind.VOLUME and description.optical_paths[0].illumination in _DARK
    return (0 if dark else 2**image.bits_stored - 1,) * image.samples


def _digested_bytes(instance: Instance) -> int:
    """Return the bytes of a file that count in full: the header of a level, all of any other image."""
    return instance.parsed.pixel_data if instance.kind is ImageKind.VOLUME else instance.parsed.file.size


def _series_files(path: Path) -> list[Path]:
    """Return the files of the series. SourceError where a level may be missing because its file was cut."""
    files, unplaced = series_and_unplaced(path)
    if unplaced:
        raise SourceError(
            f"{unplaced[0]} lies beside {path.name} and has no readable SeriesInstanceUID: it is truncated or damaged, "
            "and may be a part of the slide; fetch it again, or move it away",
            uri=str(path),
        )
    return files
