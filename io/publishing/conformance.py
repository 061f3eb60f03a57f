"""The last look at a series before anybody else can see it: every rule of the standard that is checked at all."""

from collections.abc import Sequence

from pipeline.io.storage.contract import OutputStore
from pipeline.io.validation import Severity, validate_files
from pipeline.model.errors import StorageError
from pipeline.model.plan import SlidePlan
from pipeline.model.records import WrittenInstance

_MOST_SHOWN = 3


def check_conformance(store: OutputStore, plan: SlidePlan, written: Sequence[WrittenInstance]) -> None:
    """Validate the staged instances of a slide. Raises StorageError with the first errors; warnings do not matter."""
    with store.on_disk([file.uri for instance in written for file in instance.files]) as paths:
        report = validate_files(sorted(paths), paths[0].parent, name=plan.uri)
    wrong = [one for one in report.findings if one.severity is Severity.ERROR]
    if wrong:
        shown = "; ".join(f"{one.file}: {one.message} ({one.rule}, {one.citation})" for one in wrong[:_MOST_SHOWN])
        rest = f"; and {len(wrong) - _MOST_SHOWN} more" if len(wrong) > _MOST_SHOWN else ""
        raise StorageError(f"{plan.uri}: what was written does not validate and is not published: {shown}{rest}")
