"""DICOM slides of the inbox to TIFF in the work folder: one execution of the export graph for several slides.

Each slide gets a folder of links to its own files, so that neither other series beside them nor a thousand files in one
folder matter. Slides that an engine's failure took along are tried again, each by itself.
"""

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.batch.settings import BatchSettings
from pipeline.batch.slide import InboxSlide
from pipeline.model.errors import ConfigError, SlidebeamError, StorageError
from pipeline.model.keys import SlideInput
from pipeline.model.tiff_export import BigTiff, TiffExportConfig
from pipeline.tiff_export import export_slides

_LOG = logging.getLogger(__name__)


class Exported(NamedTuple):
    """What became of a slide: a TIFF, or an error."""

    tiff: Path | None
    error: str = ""
    is_transient: bool = False
    """A store was at fault, and not the slide: the same may go well later."""


def export_wave(slides: Sequence[InboxSlide], settings: BatchSettings, wave: Path) -> list[Exported]:
    """Export slides below an empty folder and return what became of each. Raises ConfigError for wrong options."""
    try:
        return _exported(slides, settings, wave)
    except ConfigError:
        raise
    except Exception as error:
        # Beam raises whatever ended a worker, and with it all slides of the graph.
        _LOG.debug("the graph ended with %s", error, exc_info=True)
        if len(slides) == 1:
            message = error.message if isinstance(error, SlidebeamError) else f"{type(error).__name__}: {error}"
            return [Exported(None, message, isinstance(error, StorageError))]
    return [one for number, slide in enumerate(slides) for one in export_wave([slide], settings, wave / str(number))]


def _exported(slides: Sequence[InboxSlide], settings: BatchSettings, wave: Path) -> list[Exported]:
    inputs = [_input(slide, settings.inbox, wave / "in" / slide.key) for slide in slides]
    output = wave / "out"
    config = TiffExportConfig(
        output=str(output),
        quality=settings.quality,
        reencode=settings.reencode,
        tile_size=settings.tile_size,
        keep_icc=settings.keep_icc,
        big_tiff=BigTiff.ALWAYS,
    )
    report = export_slides(inputs, config, _beam_arguments(settings))
    ends = {tiff.uri: tiff for tiff in report.tiffs}
    found = []
    for slide, given in zip(slides, inputs, strict=True):
        end = ends[given.uri]
        for warning in end.warnings:
            _LOG.warning("%s: %s", slide.name, warning)
        if end.failure is None:
            found.append(Exported(Path(end.tiff)))
        else:
            message = end.failure.message.replace(f"{given.uri}/", "").replace(given.uri, slide.name)
            message = message.removeprefix(f"{slide.name}: ")
            found.append(Exported(None, message, end.failure.error_class == StorageError.__name__))
    return found


def _input(slide: InboxSlide, inbox: Path, folder: Path) -> SlideInput:
    folder.mkdir(parents=True)
    for file in slide.files:
        _link(inbox / file.path, folder / Path(file.path).name)
    return SlideInput(uri=str(folder), slide_id=f"{slide.key}.tiff", stamp=slide.stamp, bytes=slide.bytes)


def _link(file: Path, link: Path) -> None:
    """Link a file; file systems of networks may know hard links only."""
    with suppress(OSError):
        os.symlink(file, link)
        return
    os.link(file, link)


def _beam_arguments(settings: BatchSettings) -> tuple[str, ...]:
    """Return the arguments of the engine: where it runs workers on this machine, as many as slides at once."""
    given = settings.beam_arguments
    is_local = any(argument.startswith("--direct_running_mode") for argument in given)
    if not is_local or any(argument.startswith("--direct_num_workers") for argument in given):
        return given
    return (*given, f"--direct_num_workers={settings.max_concurrent}")
