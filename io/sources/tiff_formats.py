"""Which of the TIFF-based formats a file is: the vendors mark their files in the tags of the first directory."""

from pipeline.io.sources.contract import SlideSource
from pipeline.io.sources.scenes import check_scene
from pipeline.io.sources.tiff.file import TiffContainer
from pipeline.io.storage.address import is_address
from pipeline.model.errors import SourceError

_READ_BY_US = ("aperio", "generic-tiff")


def open_tiff(path: str, scene: int) -> SlideSource:
    """Open a TIFF file with the reader of its format. Raises SourceError."""
    from pipeline.io.sources.aperio import open_aperio
    from pipeline.io.sources.generic_tiff import open_generic_tiff
    from pipeline.io.sources.ndpi.file import is_ndpi_file
    from pipeline.io.sources.ndpi.slide import open_ndpi
    from pipeline.io.sources.object_slides import open_fetched
    from pipeline.io.sources.ome_tiff.source import open_ome_tiff
    from pipeline.io.sources.openslide import OpenSlideSource
    from pipeline.io.sources.qptiff import open_qptiff
    from pipeline.io.sources.trestle import open_trestle
    from pipeline.io.sources.vendor_tiffs import vendor_reader
    from pipeline.io.sources.vsi.opened import open_vsi

    if path.lower().endswith(".vsi"):
        return open_vsi(path, scene)
    if is_ndpi_file(path):
        return open_ndpi(path, scene)
    container = TiffContainer(path)
    try:
        if (reader := vendor_reader(container)) is not None:
            if reader is open_trestle and is_address(path):  # it has files beside it
                container.close()
                return open_fetched(path, lambda fetched: open_tiff(fetched, scene))
            return reader(container, scene)
        if container.is_ome:
            return open_ome_tiff(container, scene)
        if container.is_qpi:
            return open_qptiff(container, scene)
        if container.is_svs:
            check_scene(path, scene)
            return open_aperio(container)
        import openslide

        # OpenSlide sees no object; those of its TIFF formats that are not ours alone are told by their tags above.
        vendor = None if is_address(path) else openslide.OpenSlide.detect_format(path)
        if vendor is None or vendor in _READ_BY_US:
            return open_generic_tiff(container, scene)
    except SourceError:
        container.close()
        raise
    except Exception as error:  # tags of a damaged file may be of any type, and contradict each other in any way
        container.close()
        raise SourceError(f"{path} is malformed ({type(error).__name__}: {error})", uri=path) from error
    container.close()
    check_scene(path, scene)
    return OpenSlideSource(path)
