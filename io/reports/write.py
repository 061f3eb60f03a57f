"""Put the reports of a job where they belong: `_reports/<job>/` of the output, each file whole or not there.

A job of one wave has one file of each kind. In a job of several, a wave writes `report-0001.json` and its part of each
table, `slides.parquet/0001.parquet`: readers of Parquet take such a folder for one table, nothing is written twice,
and nothing grows with the corpus.
"""

import json
from collections.abc import Sequence

from pipeline.io.deidentification.names import without_sources
from pipeline.io.reports.json_files import write_json
from pipeline.io.reports.report import conversion_report
from pipeline.io.reports.run_table import run_table
from pipeline.io.reports.schemas import parquet_bytes
from pipeline.io.reports.tables import failure_table, instance_table, slide_table
from pipeline.io.storage.opening import open_store
from pipeline.model.config import ConversionConfig
from pipeline.model.records import SlideOutcome


def write_reports(
    outcomes: Sequence[SlideOutcome], config: ConversionConfig, job: str, wave: int | None = None
) -> tuple[str, ...]:
    """Write the report, the failures and four tables of a job or, from 1, one of its waves; return their URIs.

    `outcomes` has one for every input. Writing again replaces. Raises StorageError.
    """
    outcomes = without_sources(outcomes, config)
    store = open_store(config.output, job)
    report = conversion_report(outcomes, config, job, wave)
    part = "" if wave is None else f"/{wave:04d}.parquet"
    tables = {
        "slides": slide_table(report, wave or 1),
        "instances": instance_table(report, wave or 1),
        "runs": run_table(outcomes, wave or 1),
        "failures": failure_table(report, wave or 1),
    }
    files = {
        failures_name(wave): "".join(f"{json.dumps(failure)}\n" for failure in report["failures"]).encode(),
        **{f"{name}.parquet{part}": parquet_bytes(table) for name, table in tables.items()},
    }
    written = tuple(store.write_report(f"{job}/{name}", data) for name, data in files.items())
    return (*written, write_json(store, f"{job}/{report_name(wave)}", report))


def report_name(wave: int | None) -> str:
    """Return the name of a wave's report in the folder of the job."""
    return "report.json" if wave is None else f"report-{wave:04d}.json"


def failures_name(wave: int | None) -> str:
    """Return the name of the file that has a wave's failures, one a line."""
    return "failures.jsonl" if wave is None else f"failures-{wave:04d}.jsonl"
