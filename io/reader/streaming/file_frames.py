"""The frames of one file as DICOM files: stored bytes or decoded ones behind a header that is made once."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.io.reader.streaming.frame_instance import FrameInstances
from pipeline.io.reader.streaming.level_file import LevelFile
from pipeline.io.reader.streaming.stored_frames import StoredFrames
from pipeline.model.errors import CodecError, SlidebeamError, SourceError, TileError

if TYPE_CHECKING:
    from pipeline.io.reader.streaming.native_frame import NativeFrames


class FileFrames:
    """Makes the frames of one file; many threads may ask for them. What each needs is made with the first of its kind.

    Raises SourceError where the file's pixel data are no frames.
    """

    def __init__(self, level: LevelFile) -> None:
        self.level = level
        self._stored = StoredFrames(level)
        self._prepared: dict[bool, FrameInstances] = {}
        """By whether frames are uncompressed."""
        self._lock = threading.Lock()

    def make(self, frame: int, *, uncompressed: bool) -> bytes:
        """Return a frame, counted from 0 in this file, as a DICOM file. Raises SourceError and TileError."""
        pixels = self._stored.read(frame)
        if uncompressed:
            pixels = self._decoder(frame).decode(pixels, frame)
        instances = self._instances(uncompressed=uncompressed)
        with self._told(frame):
            return instances.make(frame, pixels)

    def _instances(self, *, uncompressed: bool) -> FrameInstances:
        with self._lock, self._told(None):
            found = self._prepared.get(uncompressed)
            if found is None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # pydicom's, of values that are written as they are
                    found = FrameInstances(self.level, uncompressed=uncompressed)
                self._prepared[uncompressed] = found
            return found

    def _decoder(self, frame: int) -> "NativeFrames":
        try:
            with self._lock:
                return self._native
        except CodecError as error:
            raise TileError(
                f"{self.level.file.uri}: {error}; ask for frames as they are stored",
                uri=self.level.file.uri,
                frame=frame,
            ) from error

    @contextmanager
    def _told(self, frame: int | None) -> Iterator[None]:
        """Turn whatever pydicom makes of a damaged header into SourceError."""
        try:
            yield
        except SlidebeamError:
            raise
        except Exception as error:
            uri = self.level.file.uri
            raise SourceError(
                f"{uri} has a header that frames cannot take over ({type(error).__name__}: {error}); check that the "
                "copy is complete",
                uri=uri,
                frame=frame,
            ) from error

    @cached_property
    def _native(self) -> "NativeFrames":
        # With all codecs: who decodes nothing waits for none.
        from pipeline.io.reader.streaming.native_frame import NativeFrames

        return NativeFrames(self.level.instance.form, self.level.file.uri)
