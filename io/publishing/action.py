"""What there is to do for a slide, given what the output holds already."""

from pipeline.io.storage.contract import OutputStore
from pipeline.model.errors import OutputExists
from pipeline.model.plan import Action, SlidePlan
from pipeline.model.state import Stage, StateRecord


def decide_action(store: OutputStore, plan: SlidePlan, *, overwrite: bool) -> Action:
    """Skip what is done, finish what was interrupted, convert the rest.

    A record that matches makes the folder ours: it is replaced when its files are not the ones recorded. Raises
    OutputExists for any other folder, unless it may be overwritten.
    """
    record = read_state(store, plan.slide_id)
    published = store.published_sizes(plan.slide_id)
    if record is not None and record.matches(plan):
        if published == record.sizes:
            return Action.SKIP if record.stage is Stage.DONE else Action.FINISH
        if record.stage is Stage.INTENT and store.staged_sizes(plan.slide_id, record.job) == record.sizes:
            return Action.FINISH
        return Action.CONVERT
    if store.exists(plan.slide_id) and not overwrite:
        raise OutputExists(
            f"{plan.slide_id} is in the output already, "
            + ("made from another slide or with other options" if record is not None else "and not made by this tool")
            + "; --overwrite replaces it",
            uri=plan.uri,
        )
    return Action.CONVERT


def read_state(store: OutputStore, slide_id: str) -> StateRecord | None:
    """Read a slide's state record. Raises StorageError when it is damaged."""
    text = store.read_record(slide_id)
    return None if text is None else StateRecord.from_json(text, slide_id)
