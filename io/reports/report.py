"""The report of a conversion, as JSON: wsi-dicom's keys, and what a batch of slides needs besides.

`instances` and `metrics` tell of what was written in this job; `slides` has exactly one entry for every input,
whatever became of it. Everything but times, memory and the job's name is the same for the same slides and options.
Metadata of patients is not in it.
"""

import dataclasses
import posixpath
import resource
import sys
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from importlib import metadata
from typing import Any

import pipeline
from pipeline.io.reports.failed_slides import ordered_failures
from pipeline.io.reports.metrics import instance_metrics, total_metrics
from pipeline.io.reports.plans import instance_plan_report
from pipeline.io.reports.routes import published_instances
from pipeline.model.config import ConversionConfig
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.records import SlideOutcome, Status, WrittenInstance
from pipeline.model.state import StateRecord
from pipeline.model.transfer_syntaxes import TransferSyntax

SCHEMA = "slidebeam-conversion-report-v1"
_LIBRARIES = (
    "apache-beam",
    "imagecodecs",
    "numpy",
    "openslide-python",
    "openslide-bin",
    "pyarrow",
    "pydicom",
    "tifffile",
    "xxhash",
)


def conversion_report(
    outcomes: Sequence[SlideOutcome], config: ConversionConfig, job: str, wave: int | None = None
) -> dict[str, Any]:
    """Return the report of a job, or of one of its waves. Which engine ran the graph is added by whoever ran it."""
    ordered = sorted(outcomes, key=lambda outcome: (outcome.slide_id, outcome.uri))
    instances = [
        _instance(config, outcome.plan, plan, written)
        for outcome in ordered
        if outcome.plan is not None
        for plan, written in published_instances(outcome)
    ]
    return {
        "schema": SCHEMA,
        "job": job,
        "wave": wave,
        "output_dir": config.output,
        "slides": [slide_report(outcome, config) for outcome in ordered],
        "instances": instances,
        "failures": [
            dataclasses.asdict(failure) for outcome in ordered for failure in ordered_failures(outcome.failures)
        ],
        "metrics": {
            **total_metrics(instance["metrics"] for instance in instances),
            "rss_bytes": peak_rss_bytes(),
        },
        "options": reported_options(config),
        "config_digest": config.digest(),
        "versions": library_versions(),
    }


def slide_report(outcome: SlideOutcome, config: ConversionConfig) -> dict[str, Any]:
    """Return what became of one slide."""
    pairs = published_instances(outcome)
    total = total_metrics(instance_metrics(plan, written) for plan, written in pairs)
    return {
        "slide_id": outcome.slide_id,
        "uri": outcome.uri,
        "status": outcome.status.value,
        "path": None if outcome.status is Status.FAILED else _path(config, outcome.slide_id),
        **_identity(outcome),
        "instances": len(pairs),
        "frames": total["total_frames"],
        "frames_by_route": total["frames_by_route"],
        "frames_by_reason": total["frames_by_reason"],
        "bytes_in": total["bytes_in"],
        "bytes_out": total["bytes_out"],
        "bytes_written": sum(written.bytes for _, written in pairs),
        "recompression": {"jpeg_bytes": total["jpeg_bytes"], "stored_bytes": total["recompressed_bytes"]},
        "certificate": {
            "mode": config.certificate.value,
            "digest": "xxh3_64",
            "compared_frames": sum(written.certified_frames for _, written in pairs),
        },
        "failures": len(outcome.failures),
    }


def _identity(outcome: SlideOutcome) -> dict[str, Any]:
    """Return what a slide is and is to become: from its plan, or the state record on which it was skipped."""
    if outcome.plan is None:
        return _identity_recorded(outcome.record)
    plan = outcome.plan
    return {
        "format": plan.format,
        "fingerprint": plan.fingerprint,
        "study_instance_uid": plan.study_instance_uid,
        "series_instance_uid": plan.series_instance_uid,
        "icc_profile_source": plan.icc_source,
        "warnings": list(plan.warnings),
        "planned_instances": len(plan.instances),
        "planned_frames": sum(instance.frames for instance in plan.instances),
    }


def _identity_recorded(record: StateRecord | None) -> dict[str, Any]:
    return {
        "format": record.format or None if record else None,
        "fingerprint": record.fingerprint if record else None,
        "study_instance_uid": record.study_instance_uid or None if record else None,
        "series_instance_uid": record.series_instance_uid if record else None,
        "icc_profile_source": None,
        "warnings": [],
        "planned_instances": len({file.instance for file in record.instances}) if record else None,
        "planned_frames": sum(file.frames for file in record.instances) if record else None,
    }


def peak_rss_bytes() -> int:
    """Return the most memory that this process has had resident, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _instance(
    config: ConversionConfig, slide: SlidePlan, plan: InstancePlan, written: WrittenInstance
) -> dict[str, Any]:
    return {
        "path": posixpath.join(_path(config, slide.slide_id), written.files[0].name),
        "files": [posixpath.join(_path(config, slide.slide_id), file.name) for file in written.files],
        "sop_instance_uid": plan.sop_instance_uid,
        "series_instance_uid": slide.series_instance_uid,
        "z": 0,
        "c": 0,
        "t": 0,
        "frame_count": written.frames,
        "slide_id": slide.slide_id,
        **instance_plan_report(plan),
        "bytes": written.bytes,
        "compared_frames": written.certified_frames,
        "digests": posixpath.join(config.output, "_reports", "certificates", slide.slide_id, f"{plan.name}.parquet"),
        "metrics": instance_metrics(plan, written),
    }


def _path(config: ConversionConfig, slide_id: str) -> str:
    return posixpath.join(config.output, slide_id)


def reported_options(config: ConversionConfig) -> dict[str, Any]:
    """Return the options without metadata, which may name a patient, and without salt and key, which are secrets."""
    kept = [f.name for f in dataclasses.fields(config) if f.name not in _NOT_REPORTED]
    return {
        **{name: _plain(getattr(config, name)) for name in kept},
        "profile": config.profile.name,
        "icc": config.icc.policy.value,
        "background": str(config.background) if config.background else None,
        "deidentify": {"keyed": bool(config.deidentify.key), "dates": config.deidentify.dates.value}
        if config.deidentify
        else None,
    }


_NOT_REPORTED = ("profile", "metadata", "uid_salt", "icc", "background", "deidentify", "crosswalk")


def _plain(value: Any) -> Any:
    if isinstance(value, TransferSyntax):
        return value.option
    return value.value if isinstance(value, StrEnum) else list(value) if isinstance(value, tuple) else value


@cache
def library_versions() -> dict[str, str]:
    """Return the versions of this package, Python, and the libraries that what is written depends on."""
    versions = {"slidebeam": pipeline.__version__, "python": sys.version.split()[0]}
    for library in _LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            versions[library] = "not installed"
    return versions
