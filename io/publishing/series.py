"""Publish a series: intent record, certificate, one step that makes it visible, done record last.

The certificate is made of digests that lie in the staging area. So it is written while the series lies there, too:
whoever finishes what was interrupted behind that step needs nothing that may be gone by then.
"""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.io.deidentification.audit import audit_report
from pipeline.io.publishing.action import check_place
from pipeline.io.publishing.certificate_table import certificate_table
from pipeline.io.publishing.conformance import check_conformance
from pipeline.io.publishing.identity import holds_recorded_series
from pipeline.io.publishing.settled import read_settled, read_standing
from pipeline.io.runs.digests import read_digest_rows
from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import OutputExists, StorageError
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import WrittenInstance
from pipeline.model.state import InstanceRecord, Stage, StateRecord
from pipeline.model.uids import WRITER_VERSION

_MOST_ATTEMPTS = 3
"""The record changes twice at most while another job publishes the same slide: to its intent, and to its end."""


def publish_series(
    store: OutputStore,
    plan: SlidePlan,
    written: Sequence[WrittenInstance],
    *,
    job: str,
    overwrite: bool,
    validate: bool = False,
) -> None:
    """Make a complete series visible; once more is no error, nor when another job published the same meanwhile.

    Raises StorageError when it is not complete, when it is asked to validate and does not, or while another job is
    publishing the slide; OutputExists when its place is taken.
    """
    record = _record(plan, written, job, overwrite)
    try:
        text = _made_visible(store, plan, written, record, validate=validate)
    except (StorageError, OutputExists):
        text, standing = read_settled(store, plan.slide_id)
        if not _is_published(store, record, standing):
            raise
    _conclude(store, record, text)


def finish_series(store: OutputStore, plan: SlidePlan, *, overwrite: bool) -> StateRecord:
    """Publish what an interrupted job had ready and return its record. Raises StorageError when it is gone."""
    text, record = read_settled(store, plan.slide_id)
    if record is None or plan.action is not Action.FINISH or not record.matches(plan):
        raise StorageError(f"there is nothing to finish for {plan.uri}")
    if not holds_recorded_series(store, record):
        try:
            check_place(store, plan, record, overwrite=overwrite or record.overwrite)
            replacing = store.exists(plan.slide_id)
            _certify(store, plan, record, record.job)
            store.adopt(plan.slide_id, record.job)
            store.publish(plan.slide_id, overwrite=replacing)
        except (StorageError, OutputExists):
            # Another job may have finished it in the same moment.
            if not holds_recorded_series(store, record):
                raise
    _conclude(store, record, text)
    store.clean(plan.slide_id, record.job)
    return record


def _made_visible(
    store: OutputStore, plan: SlidePlan, written: Sequence[WrittenInstance], record: StateRecord, *, validate: bool
) -> str | None:
    """Publish a series that is staged, unless this job has done so before, and return the record that stands then."""
    text, previous = read_settled(store, plan.slide_id)
    if previous is not None and previous.job == record.job and holds_recorded_series(store, record):
        return text
    staged = store.staged_sizes(plan.slide_id, record.job)
    if staged != record.sizes:
        raise StorageError(f"the series of {plan.uri} is not complete: {staged} is staged, {record.sizes} was written")
    if validate:
        check_conformance(store, plan, written)
    # Before the intent is written: it would make the folder ours for whoever comes next.
    check_place(store, plan, previous, overwrite=record.overwrite)
    # What comes into the place after this look at it is nobody's to replace.
    replacing = store.exists(plan.slide_id)
    intent = record.to_json()
    store.replace_record(plan.slide_id, text, intent)
    _certify(store, plan, record, record.job)
    if store.read_record(plan.slide_id) != intent:
        raise StorageError(f"{plan.slide_id} is being published by another job; let that one end, then run this again")
    store.publish(plan.slide_id, overwrite=replacing)
    return intent


def _is_published(store: OutputStore, record: StateRecord, standing: StateRecord | None) -> bool:
    """Whether the series is in its place, byte for byte, whichever job put it there and wrote the record."""
    return standing is not None and standing.is_of_same_series(record) and holds_recorded_series(store, record)


def _certify(store: OutputStore, plan: SlidePlan, record: StateRecord, job: str) -> None:
    """Put the certificate and the audit beside the reports."""
    audit = audit_report(plan)
    if audit is not None:
        store.write_report(*audit)
    for name in dict.fromkeys(file.instance for file in record.instances):
        digests = store.staged_digests(record.slide_id, job, name)
        if digests is not None:
            table = certificate_table(read_digest_rows(digests))
            store.write_report(f"certificates/{record.slide_id}/{name}.parquet", table)


def _conclude(store: OutputStore, record: StateRecord, previous: str | None) -> None:
    """Say that the slide is done. `previous` is the record that stands, unless another job is at the slide, too.

    If that one is about to publish, or has published, the same series, then what stands there is as good.
    """
    done = replace(record, stage=Stage.DONE).to_json()
    for _ in range(_MOST_ATTEMPTS - 1):
        try:
            store.replace_record(record.slide_id, previous, done)
            return
        except StorageError:
            previous, standing = read_standing(store, record.slide_id)
            if not _is_published(store, record, standing):
                raise
            if standing is not None and standing.stage is Stage.DONE:
                return
    store.replace_record(record.slide_id, previous, done)


def _record(plan: SlidePlan, written: Sequence[WrittenInstance], job: str, overwrite: bool) -> StateRecord:
    by_name = {instance.instance: instance for instance in written}
    missing = [instance.name for instance in plan.instances if instance.name not in by_name]
    if missing:
        raise StorageError(f"{', '.join(missing)} of {plan.uri} was not written")
    return StateRecord(
        stage=Stage.INTENT,
        slide_id=plan.slide_id,
        uri=plan.uri if plan.deidentified is None else plan.slide_id,
        job=job,
        overwrite=overwrite,
        fingerprint=plan.fingerprint,
        config_digest=plan.config_digest,
        series_instance_uid=plan.series_instance_uid,
        study_instance_uid=plan.study_instance_uid,
        format=plan.format,
        # When a slide was written tells when it was scanned.
        source_stamp=plan.slide.stamp if plan.deidentified is None else "",
        writer_version=WRITER_VERSION,
        instances=tuple(
            InstanceRecord(
                file=file.name,
                instance=instance.name,
                bytes=file.bytes,
                frames=file.frames,
                sop_instance_uid=file.sop_instance_uid,
            )
            for instance in plan.instances
            for file in by_name[instance.name].files
        ),
    )
