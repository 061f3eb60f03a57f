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
from pipeline.io.runs.digests import read_digest_rows
from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import StorageError
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import WrittenInstance
from pipeline.model.state import InstanceRecord, Stage, StateRecord
from pipeline.model.uids import WRITER_VERSION


def publish_series(
    store: OutputStore,
    plan: SlidePlan,
    written: Sequence[WrittenInstance],
    *,
    job: str,
    overwrite: bool,
    validate: bool = False,
) -> None:
    """Make a complete series visible; once more is no error.

    Raises StorageError when it is not complete, or when it is asked to validate and does not; OutputExists when its
    place is taken.
    """
    record = _record(plan, written, job, overwrite)
    text, previous = _read(store, plan.slide_id)
    if previous is None or previous.job != job or not holds_recorded_series(store, record):
        staged = store.staged_sizes(plan.slide_id, job)
        if staged != record.sizes:
            raise StorageError(
                f"the series of {plan.uri} is not complete: {staged} is staged, {record.sizes} was written"
            )
        if validate:
            check_conformance(store, plan, written)
        # Before the intent is written: it would make the folder ours for whoever comes next.
        check_place(store, plan, previous, overwrite=overwrite)
        # What comes into the place after this look at it is nobody's to replace.
        replacing = store.exists(plan.slide_id)
        store.replace_record(plan.slide_id, text, record.to_json())
        text = record.to_json()
        _certify(store, plan, record, job)
        store.publish(plan.slide_id, overwrite=replacing)
    _conclude(store, record, text)


def finish_series(store: OutputStore, plan: SlidePlan, *, overwrite: bool) -> StateRecord:
    """Publish what an interrupted job had ready and return its record. Raises StorageError when it is gone."""
    text, record = _read(store, plan.slide_id)
    if record is None or plan.action is not Action.FINISH:
        raise StorageError(f"there is nothing to finish for {plan.uri}")
    if not holds_recorded_series(store, record):
        check_place(store, plan, record, overwrite=overwrite or record.overwrite)
        replacing = store.exists(plan.slide_id)
        _certify(store, plan, record, record.job)
        store.adopt(plan.slide_id, record.job)
        store.publish(plan.slide_id, overwrite=replacing)
    _conclude(store, record, text)
    store.clean(plan.slide_id, record.job)
    return record


def _read(store: OutputStore, slide_id: str) -> tuple[str | None, StateRecord | None]:
    """Return a slide's state record as it stands, and what it says."""
    text = store.read_record(slide_id)
    return text, None if text is None else StateRecord.from_json(text, slide_id)


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
    """Say that the slide is done. `previous` is the record that stands, unless another job is at the slide, too."""
    store.replace_record(record.slide_id, previous, replace(record, stage=Stage.DONE).to_json())


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
