"""DICOM slides, and any other slides that the pipeline reads, to pyramidal TIFF: one call, a Beam graph a wave."""

import contextlib
import os
import time
from collections.abc import Callable, Sequence

from pipeline.io.storage.address import is_address
from pipeline.io.tiff.places import STAGING_FOLDER
from pipeline.job import job_name, job_process
from pipeline.model.keys import SlideInput
from pipeline.model.tiff_export import ExportedTiff, ExportReport, TiffExportConfig
from pipeline.slide_names import check_names

TiffSeen = Callable[[ExportedTiff], None]


def export_slides(
    inputs: Sequence[SlideInput],
    config: TiffExportConfig,
    beam_arguments: Sequence[str] = (),
    *,
    own_process: bool = False,
    on_tiff: TiffSeen | None = None,
) -> ExportReport:
    """Export slides; each input's `slide_id` is the relative name of its TIFF below the output, with its suffix.

    A slide that fails is a row of the report with its `failure`, and raises nothing; what stands where a TIFF goes is
    such a failure (OutputExists) without `overwrite`. A file of several scenes becomes a TIFF each. With `on_tiff` each
    row is handed over as its wave ends. In a process of its own, what the imports made is frozen (`gc.freeze`).

    Raises ConfigError for names that clash or options that the engine refuses, StorageError when the output cannot be
    written, and KeyboardInterrupt after what was begun has been removed.
    """
    from pipeline.io.tiff.planning import planning_config

    check_names(inputs)
    planning, name, begin = planning_config(config), job_name(), time.perf_counter()
    tiffs: list[ExportedTiff] = []
    try:
        with job_process(name, planning, own_process=own_process) as interruption:
            from pipeline.export_waves import ExportWaves

            waves = ExportWaves(name, config, planning, beam_arguments)
            for rows in waves.run(inputs, interruption):
                tiffs += rows
                if on_tiff is not None:
                    for tiff in rows:
                        on_tiff(tiff)
    finally:
        _remove_empty_area(planning.output)
    return ExportReport(
        tiffs=tuple(sorted(tiffs, key=lambda tiff: tiff.tiff)),
        seconds=time.perf_counter() - begin,
        engine=waves.engine,
        counters=dict(sorted(waves.counters.items())),
    )


def _remove_empty_area(folder: str) -> None:
    """Remove the hidden folder that held the staging area, when nothing of another job is in it."""
    if os.path.basename(folder) == STAGING_FOLDER and not is_address(folder):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
