"""A TIFF or BigTIFF file: its directories parsed once by tifffile, its bytes read by position."""

import hashlib
import os

import numpy as np
import tifffile

from pipeline.io.sources.fingerprint import hash_blocks
from pipeline.io.sources.tiff.image import TiffImage
from pipeline.model.errors import SourceError


class TiffContainer:
    """An open TIFF file. Pages are tifffile's; pixels and tiles are read by `TiffImage`."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        try:
            self._descriptor = os.open(uri, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SourceError(f"{uri} cannot be opened: {error.strerror}", uri=uri) from error
        self.size = os.fstat(self._descriptor).st_size
        try:
            with tifffile.TiffFile(uri) as file:
                self.byte_order = file.byteorder
                self.is_svs = file.is_svs
                self.ome_metadata = file.ome_metadata
                self.pages = [page.aspage() for page in file.pages]
        except Exception as error:  # a parser of hostile headers may raise anything
            os.close(self._descriptor)
            raise SourceError(
                f"{uri} is no readable TIFF ({type(error).__name__}: {error}); check that the copy is complete", uri=uri
            ) from error
        if not self.pages:
            os.close(self._descriptor)
            raise SourceError(f"{uri} is a TIFF without an image; check that the copy is complete", uri=uri)

    def image(self, page: int) -> TiffImage:
        """Return the image of a directory; SourceError when it cannot become DICOM pixels."""
        try:
            return TiffImage(self._descriptor, self.size, self.pages[page], self.uri)
        except SourceError:
            raise
        except (
            ValueError,
            TypeError,
            KeyError,
            ArithmeticError,
        ) as error:  # CodecError of JPEGTables; tags that contradict each other
            raise SourceError(f"{self.uri}: directory {page} is malformed: {error}", uri=self.uri) from error

    def fingerprint(self) -> str:
        """Digest of size, tile indices and 64 blocks spread over the file, first and last bytes among them."""
        digest = hashlib.blake2b(digest_size=16)
        for page in self.pages:
            digest.update(np.array(page.dataoffsets, np.uint64).tobytes())
            digest.update(np.array(page.databytecounts, np.uint64).tobytes())
        hash_blocks(digest, self._descriptor, self.size)
        return digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
