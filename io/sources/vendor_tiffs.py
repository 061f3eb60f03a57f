"""Formats of scanners that are TIFF and mark themselves in the tags of the first directory, each with its reader."""

from collections.abc import Callable

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.leica_scn import is_leica_scn, open_leica_scn
from pipeline.io.sources.philips import is_philips, open_philips
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.sources.trestle import is_trestle, open_trestle
from pipeline.io.sources.ventana import is_ventana, open_ventana

_READERS = (
    (is_leica_scn, open_leica_scn),
    (is_philips, open_philips),
    (is_ventana, open_ventana),
    (is_trestle, open_trestle),
)


def vendor_reader(container: TiffContainer) -> Callable[[TiffContainer, int], SlideSource] | None:
    """Return the reader of a vendor's file; None for a file of no vendor here."""
    return next((reader for is_format, reader in _READERS if is_format(container)), None)
