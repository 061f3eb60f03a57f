"""Frames of a level on demand, each as a DICOM file that stands for itself: what a viewer's backend hands out.

A frame is read by its entry of the offset table, and put behind a header that is made once for a level. Nothing else of
the file is read, and nothing is decoded unless that is asked for. The call shape is that of DiCube's
`DcbStreamingReader`.

Of a local file nothing is read ahead: making a frame takes a tenth of a millisecond. Of an object store, where each
request takes tens of them, `chunk_size` frames are fetched side by side as soon as frames are asked for in order. Small
ones are not: a request for one brings its neighbours along, which are kept as they came.
"""

import os
import weakref
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import accumulate
from pathlib import PurePath
from typing import Any

from pipeline.io.reader.errors import headers_read
from pipeline.io.reader.streaming.file_frames import FileFrames
from pipeline.io.reader.streaming.frame_cache import FrameKey
from pipeline.io.reader.streaming.frame_reader import FrameReader
from pipeline.io.reader.streaming.level_choice import files_of_image
from pipeline.io.reader.streaming.level_file import LevelFile, read_level_file
from pipeline.io.sources.dicom.concatenation import check_concatenations, concatenation_uid
from pipeline.io.sources.dicom.instance import Instance
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.storage.address import is_address
from pipeline.model.transfer_syntaxes import TransferSyntax

_PIXEL_ATTRIBUTES = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "TotalPixelMatrixColumns",
    "TotalPixelMatrixRows",
)
_NONE = -2
"""No frame was asked for yet; not even the one before the first."""
_AT_ONCE = 8
"""Requests to an object store."""
_SMALL = 1 << 16
"""Bytes of a frame that is read out of a block of the object, with others."""
_DICUBE_SUFFIXES = (".dcbs", ".dcba", ".dcbl")


def open_frames(
    path: str | os.PathLike[str],
    level: int | str | None = None,
    chunk_size: int = 10,
    cache_size: int = 50,
    force_uncompressed: bool = False,
) -> FrameReader:
    """Open the frames of a slide, or of a DiCube file by its suffix (.dcbs), which has no levels.

    Raises what `SlideStreamingReader` raises, and ConfigError where the extra `dicube` is needed and not installed.
    """
    if PurePath(os.fspath(path)).suffix.lower() in _DICUBE_SUFFIXES:
        from pipeline.io.reader.streaming.dicube import DicubeReader  # an extra

        return DicubeReader(path, chunk_size, cache_size, force_uncompressed)
    return SlideStreamingReader(path, level, chunk_size, cache_size, force_uncompressed)


class SlideStreamingReader(FrameReader):
    """The frames of one image of a slide, in the order in which they are stored.

    `path` is a DICOM file or the folder of a series, on a disk or as a gs:// or s3:// URI. `level` counts from 0, the
    largest, or from -1, the smallest, or is "label", "overview" or "thumbnail"; None is the image that a file holds,
    and level 0 of a folder. The parts of a concatenation are one level, and so are the instances of a level that has
    one for each optical path or focal plane; frames count on from file to file.

    Raises SourceError for what is no slide or is damaged, IndexError for a level that is not there, and ConfigError for
    a word that means no image.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        level: int | str | None = None,
        chunk_size: int = 10,
        cache_size: int = 50,
        force_uncompressed: bool = False,
    ) -> None:
        super().__init__(os.fspath(path), chunk_size, cache_size, force_uncompressed)
        with ExitStack() as opened:
            instances: dict[str, LevelFile] = {}
            for uri in files_of_image(self.path, level):
                file = FileBytes(uri)
                opened.callback(file.close)
                found = read_level_file(file)
                instances.setdefault(found.sop_instance_uid, found)  # of copies of an instance the first counts
            files = sorted(instances.values(), key=_order)
            check_concatenations((file.instance for file in files), self.path)
            self._files = [FileFrames(file) for file in files]
            self._release_files = weakref.finalize(self, opened.pop_all().close)
        self._firsts = [0, *accumulate(file.instance.frames for file in files)]
        self._is_far = is_address(self.path)
        self._last, self._last_bytes = _NONE, 0

    def _count(self) -> int:
        return self._firsts[-1]

    def _make(self, frame_index: int, *, uncompressed: bool) -> bytes:
        number = bisect_right(self._firsts, frame_index) - 1
        return self._files[number].make(frame_index - self._firsts[number], uncompressed=uncompressed)

    def _load(self, key: FrameKey) -> bytes:
        ahead = self._is_far and key.frame == self._last + 1 and self._last_bytes >= _SMALL
        if not ahead:
            made = super()._load(key)
            self._last, self._last_bytes = key.frame, len(made)
            return made
        load, end = super()._load, min(key.frame + self.chunk_size, self._count())
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # What is wrong with a frame that nobody asked for yet is told when somebody does.
            loading = [pool.submit(load, key._replace(frame=frame)) for frame in range(key.frame, end)]
        self._last = end - 1
        return loading[0].result()

    def _metadata(self) -> dict[str, Any]:
        with headers_read(self.path):
            return self._told(self._files[0].level.instance)

    def _told(self, instance: Instance) -> dict[str, Any]:
        header, shared = instance.header, instance.header.get("SharedFunctionalGroupsSequence")
        measures = shared[0].get("PixelMeasuresSequence") if shared else None
        native = TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN.value
        return {
            "pixel_header": {name: header[name].value for name in _PIXEL_ATTRIBUTES if name in header},
            "has_dicom_meta": True,
            "has_space": bool(measures and measures[0].get("PixelSpacing")),
            "transfer_syntax": native if self.force_uncompressed else instance.parsed.transfer_syntax,
            "file_type": instance.kind.value,
        }

    def _release(self) -> None:
        self._release_files()


def _order(file: LevelFile) -> tuple[int, str, int, str]:
    """Return what the files of a level are sorted by: instance number, concatenation, part of it, name."""
    instance = file.instance
    return instance.number, concatenation_uid(instance), instance.first_frame, instance.name
