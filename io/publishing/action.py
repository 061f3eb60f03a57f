"""What there is to do for a slide, given what the output holds already.

A record that matches makes its own files ours, and nothing else: a file that somebody put beside them, another
series, or anything that is no DICOM is never replaced unasked, and a folder that holds more than DICOM not at all.
"""

from pipeline.io.publishing.identity import holds_recorded_series, strange_files
from pipeline.io.publishing.settled import read_settled, read_standing
from pipeline.io.storage.contract import OutputStore
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import OutputExists
from pipeline.model.keys import SlideInput
from pipeline.model.own_metadata import with_own_metadata
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.state import Stage, StateRecord


def decide_action(store: OutputStore, plan: SlidePlan, *, overwrite: bool, force: bool = False) -> Action:
    """Skip what is done, finish what was interrupted, convert the rest; with `force` convert what is done, too.

    Raises OutputExists where something stands that may not be replaced, StorageError while another job publishes it.
    """
    text, record = read_settled(store, plan.slide_id)
    try:
        return _decided(store, plan, record, overwrite=overwrite, force=force)
    except OutputExists:
        later, record = read_settled(store, plan.slide_id)
        if later == text:
            raise
        # Another job made it visible between the two looks, at the record and at the place.
        return _decided(store, plan, record, overwrite=overwrite, force=force)


def _decided(
    store: OutputStore, plan: SlidePlan, record: StateRecord | None, *, overwrite: bool, force: bool
) -> Action:
    if record is not None and record.matches(plan):
        if holds_recorded_series(store, record) and not force:
            return Action.SKIP if record.stage is Stage.DONE else Action.FINISH
        if record.stage is Stage.INTENT and store.staged_sizes(plan.slide_id, record.job) == record.sizes:
            check_place(store, plan, record, overwrite=overwrite or record.overwrite)
            return Action.FINISH
    check_place(store, plan, record, overwrite=overwrite)
    return Action.CONVERT


def finished_before(store: OutputStore, slide: SlideInput, config: ConversionConfig) -> StateRecord | None:
    """Return the record of a slide that need not be opened: same source by its stamp, same options, all files there.

    None where that is not sure. Raises StorageError when the record is damaged, ConfigError when its metadata are.
    """
    if config.force or not slide.stamp:
        return None
    record = read_state(store, slide.slide_id)
    if record is None or not record.is_done_for(slide, with_own_metadata(config, slide).digest()):
        return None
    return record if holds_recorded_series(store, record) else None


def check_place(store: OutputStore, plan: SlidePlan, record: StateRecord | None, *, overwrite: bool) -> None:
    """Raise OutputExists unless the series may be published where it belongs."""
    slide_id = plan.slide_id
    if other := store.overlapping(slide_id):
        raise OutputExists(
            f"{slide_id} would lie inside another series, or around it: {other}; choose another output", uri=plan.uri
        )
    if not store.exists(slide_id):
        return
    present = store.published_sizes(slide_id)
    strange = sorted(name for name in present if not name.endswith(".dcm"))
    if strange or not present:
        raise OutputExists(
            f"{slide_id} in the output is no DICOM series"
            + (f" (it holds {strange[0]})" if strange else "")
            + " and is not replaced; move it away or choose another output",
            uri=plan.uri,
        )
    if overwrite:
        return
    whose = "and no record says that this tool made it"
    if record is not None and record.matches(plan):
        strangers = strange_files(store, record)
        if not strangers:
            return
        whose = f"with a file that is not ours ({strangers[0]})"
    elif record is not None:
        whose = "made from another slide, or with other options or metadata"
    raise OutputExists(f"{slide_id} is in the output already, {whose}; --overwrite replaces it", uri=plan.uri)


def read_state(store: OutputStore, slide_id: str) -> StateRecord | None:
    """Read a slide's state record. Raises StorageError when it is damaged."""
    return read_standing(store, slide_id)[1]
