"""What OpenSlide does not tell of a Hamamatsu NDPI: focal planes, of which it reads one, and fluorescence.

NDPI is TIFF with private tags, one directory for each magnification of each focal plane. The tags are those that
tifffile names: 65424 is the distance from the plane of best focus in nanometres, 65434 the name of the filter set.
"""

import tifffile

from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.model.errors import SourceError

_Z_OFFSET_NM = 65424
_FILTER_SET = 65434


def check_ndpi(container: TiffContainer) -> tuple[str, ...]:
    """Return warnings for people. Raises SourceError for a slide with several focal planes."""
    widest = max(container.pages, key=lambda page: int(page.imagewidth))
    bases = [page for page in container.pages if page.shape == widest.shape]
    planes = {tag.value for page in bases if (tag := page.tags.get(_Z_OFFSET_NM)) is not None}
    if len(planes) > 1:
        raise SourceError(
            f"{container.uri}: it has {len(planes)} focal planes, which this version does not support yet; "
            "export the one of best focus and convert that",
            uri=container.uri,
        )
    filters = _filter_set(widest)
    if not filters:
        return ()
    return (f"it looks like fluorescence (filter set {filters!r}), and is written as brightfield in RGB",)


def _filter_set(page: tifffile.TiffPage) -> str:
    tag = page.tags.get(_FILTER_SET)
    return tag.value.strip() if tag is not None and isinstance(tag.value, str) else ""
