"""Text and colour profiles in the tags of any directory of a TIFF file."""

from collections.abc import Iterator

import tifffile

from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.model.errors import SourceError

_ICC_TAG = 34675
_DESCRIPTION_TAG = 270
_XMP_TAG = 700
_LONGEST_VALUE = 4096


def icc_profile(page: tifffile.TiffPage, uri: str) -> bytes:
    """Return the colour profile of a directory; empty when there is none. Raises SourceError."""
    tag = page.tags.get(_ICC_TAG)
    if tag is None:
        return b""
    if not isinstance(tag.value, bytes):
        raise SourceError(f"{uri}: the tag of its ICC profile holds no bytes", uri=uri)
    return tag.value


def xmp_packet(page: tifffile.TiffPage) -> bytes:
    """Return the XMP packet of a directory; empty when there is none."""
    tag = page.tags.get(_XMP_TAG)
    value = tag.value if tag is not None else b""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return value if isinstance(value, bytes) else b""


def text_properties(container: TiffContainer) -> tuple[tuple[str, str], ...]:
    """Return the text tags of all directories as (`tiff.DIRECTORY.NAME`, value).

    An ImageDescription that is XML is left to who parses it.
    """
    return tuple(_texts(container))


def _texts(container: TiffContainer) -> Iterator[tuple[str, str]]:
    for number, page in enumerate(container.pages):
        for tag in page.tags.values():
            value = tag.value if int(tag.dtype) == 2 else None
            if not isinstance(value, str) or not value.strip():
                continue
            if tag.code == _DESCRIPTION_TAG and value.lstrip("\ufeff \r\n\t").startswith("<"):
                continue
            yield f"tiff.{number}.{tag.name}", value.strip()[:_LONGEST_VALUE]
