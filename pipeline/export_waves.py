"""What exports do once Beam is imported: own the staging area, run the graph a wave at a time, read the rows."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.beam_options import beam_options
from pipeline.conversion import shared_out
from pipeline.engines.choice import new_pipeline
from pipeline.execution import execute
from pipeline.export_graph import build_export_graph
from pipeline.interruption import Interruption
from pipeline.io.reports.progress import BOARD
from pipeline.io.slide_list import write_slide_list
from pipeline.io.sources.stamp import all_stamped
from pipeline.io.staging.leftovers import remove_leftovers
from pipeline.io.staging.ownership import Ownership
from pipeline.io.storage.opening import open_store
from pipeline.job_work import traits_of
from pipeline.model.config import ConversionConfig
from pipeline.model.keys import SlideInput
from pipeline.model.tiff_export import ExportedTiff, TiffExportConfig
from pipeline.preflight import check_output, check_sources
from pipeline.transforms.isolation import isolated
from pipeline.transforms.report_tiffs import REPORT_FILE
from pipeline.waves import waves_of


class ExportWaves:
    """The waves of one export."""

    def __init__(
        self, job: str, export: TiffExportConfig, config: ConversionConfig, beam_arguments: Sequence[str]
    ) -> None:
        """Look at the engine: raises ConfigError where there is none, or it refuses its options."""
        self.engine = ""
        self.counters: Counter[str] = Counter()
        """Beam's, of the waves that have ended."""
        self._job = job
        self._export = export
        self._config = config
        self._beam_arguments = beam_arguments
        self._traits = traits_of(beam_arguments)
        self._store = open_store(config.output, job)

    def run(self, inputs: Sequence[SlideInput], interruption: Interruption) -> Iterator[list[ExportedTiff]]:
        """Export slides and yield the rows of each wave as it ends. Raises StorageError."""
        check_output(self._export.output, self._job)
        check_sources([slide.uri for slide in inputs if "://" in slide.uri])
        remove_leftovers(self._store)
        slides = all_stamped(inputs)
        BOARD.reset()
        with Ownership(self._store, detached=not self._traits.ends_with_us):
            for wave in waves_of(slides, self._config, self._store, remote=not self._traits.starts_in_seconds):
                interruption.check()
                BOARD.next_wave()
                yield self._exported(wave, len(slides))
        self._store.clean_job()

    def _exported(self, slides: Sequence[SlideInput], of_job: int) -> list[ExportedTiff]:
        options = beam_options(self._beam_arguments)
        pipeline = new_pipeline(options)
        slide_list = write_slide_list(self._store, slides, secret=False)
        config = isolated(shared_out(self._config, options), of_job)
        build_export_graph(pipeline, slide_list, self._export, config, self._job)
        try:
            execution = execute(
                pipeline,
                options,
                ended="the export ended before its time",
                kept="TIFFs that were written stay",
                output=self._export.output,
            )
        finally:
            self._store.remove_job_file(slide_list.name)
        self.engine = execution.engine
        self.counters.update(execution.counters)
        rows = json.loads(self._store.read_job_file(REPORT_FILE))
        self._store.remove_job_file(REPORT_FILE)
        return [ExportedTiff.from_row(row) for row in rows]
