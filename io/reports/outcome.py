"""The report of one slide, for engines on which a job has no end."""

from pipeline.io.deidentification.names import without_sources
from pipeline.io.reports.json_files import write_json
from pipeline.io.reports.report import conversion_report
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.records import SlideOutcome, Status


def write_outcome_report(outcome: SlideOutcome, config: ConversionConfig, job: str) -> str:
    """Write `_reports/<job>/slides/<slide id>.json`, below `failed/` for a dead letter; return its URI.

    It has the schema of a wave's report, with one slide. Raises StorageError.
    """
    (told,) = without_sources([outcome], config)
    report = conversion_report([told], config, job)
    folder = "failed" if outcome.status is Status.FAILED else "slides"
    return write_json(open_store(config.output, job), f"{job}/{folder}/{told.slide_id}.json", report)
