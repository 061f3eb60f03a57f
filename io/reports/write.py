"""Put the reports of a job where they belong: `_reports/<job>/` of the output, each file whole or not there."""

import json
from collections.abc import Sequence

from pipeline.io.deidentification.names import without_sources
from pipeline.io.reports.report import conversion_report
from pipeline.io.reports.run_table import run_table, slide_table
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.records import SlideOutcome


def write_reports(outcomes: Sequence[SlideOutcome], config: ConversionConfig, job: str) -> tuple[str, ...]:
    """Write report.json, slides.parquet, runs.parquet and failures.jsonl and return their URIs.

    `outcomes` has one for every input. Writing again replaces. Raises
    StorageError.
    """
    outcomes = without_sources(outcomes, config)
    report = conversion_report(outcomes, config, job)
    failures = "".join(f"{json.dumps(failure)}\n" for failure in report["failures"])
    files = {
        "failures.jsonl": failures.encode(),
        "runs.parquet": run_table(outcomes),
        "slides.parquet": slide_table(report),
        "report.json": f"{json.dumps(report, indent=2)}\n".encode(),
    }
    store = open_store(config.output, job)
    return tuple(store.write_report(f"{job}/{name}", data) for name, data in files.items())
