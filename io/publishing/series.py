"""Publish a series: intent record, one step that makes it visible, done record last."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.io.publishing.action import read_state
from pipeline.io.publishing.certificate_table import certificate_table
from pipeline.io.runs.digests import read_digest_rows
from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import OutputExists, StorageError
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.records import WrittenInstance
from pipeline.model.state import InstanceRecord, Stage, StateRecord


def publish_series(
    store: OutputStore, plan: SlidePlan, written: Sequence[WrittenInstance], *, job: str, overwrite: bool
) -> None:
    """Make a complete series visible; once more is no error.

    Raises StorageError when it is not complete, and OutputExists when its place is taken.
    """
    record = _record(plan, written, job)
    previous = read_state(store, plan.slide_id)
    ours = previous is not None and previous.matches(plan)
    if previous is not None and ours and previous.job == job and store.published_sizes(plan.slide_id) == record.sizes:
        store.write_record(plan.slide_id, _done(record).to_json())
        return
    staged = store.staged_sizes(plan.slide_id, job)
    if staged != record.sizes:
        raise StorageError(f"the series of {plan.uri} is not complete: {staged} is staged, {record.sizes} was written")
    if store.exists(plan.slide_id) and not (overwrite or ours):
        # Before the intent is written: it would make the folder ours for whoever comes next.
        raise OutputExists(f"{plan.slide_id} came into the output meanwhile; --overwrite replaces it", uri=plan.uri)
    for instance in written:
        table = certificate_table(read_digest_rows(store.read_staged(instance.digest_uri)))
        store.write_report(f"certificates/{plan.slide_id}/{instance.instance}.parquet", table)
    store.write_record(plan.slide_id, record.to_json())
    store.publish(plan.slide_id, overwrite=overwrite or ours)
    store.write_record(plan.slide_id, _done(record).to_json())


def finish_series(store: OutputStore, plan: SlidePlan, *, overwrite: bool) -> StateRecord:
    """Publish what an interrupted job had ready and return its record. Raises StorageError when it is gone."""
    record = read_state(store, plan.slide_id)
    if record is None or plan.action is not Action.FINISH:
        raise StorageError(f"there is nothing to finish for {plan.uri}")
    if store.published_sizes(plan.slide_id) != record.sizes:
        store.adopt(plan.slide_id, record.job)
        store.publish(plan.slide_id, overwrite=overwrite or store.exists(plan.slide_id))
    store.write_record(plan.slide_id, _done(record).to_json())
    store.clean(plan.slide_id, record.job)
    return record


def _record(plan: SlidePlan, written: Sequence[WrittenInstance], job: str) -> StateRecord:
    by_name = {instance.instance: instance for instance in written}
    missing = [instance.name for instance in plan.instances if instance.name not in by_name]
    if missing:
        raise StorageError(f"{', '.join(missing)} of {plan.uri} was not written")
    return StateRecord(
        stage=Stage.INTENT,
        slide_id=plan.slide_id,
        uri=plan.uri,
        job=job,
        fingerprint=plan.fingerprint,
        config_digest=plan.config_digest,
        series_instance_uid=plan.series_instance_uid,
        instances=tuple(
            InstanceRecord(
                file=instance.file_name,
                bytes=by_name[instance.name].bytes,
                frames=by_name[instance.name].frames,
                sop_instance_uid=instance.sop_instance_uid,
            )
            for instance in plan.instances
        ),
    )


def _done(record: StateRecord) -> StateRecord:
    return replace(record, stage=Stage.DONE)
