"""The audit of a de-identified slide: what was in it and what became of that, by name and never by value.

It stands in `_reports/deidentified/`, under the new name of the slide. Values are not in it, and neither are hashes of
them: whoever can guess an accession number can also hash it.
"""

import json

from pipeline.model.plan import SlidePlan

_SCHEMA = "slidebeam-deidentification-v1"


def audit_report(plan: SlidePlan) -> tuple[str, bytes] | None:
    """Return name and bytes of a slide's audit for `OutputStore.write_report`; None: it was not de-identified."""
    done = plan.deidentified
    if done is None:
        return None
    audit = {
        "schema": _SCHEMA,
        "slide_id": plan.slide_id,
        "study_instance_uid": plan.study_instance_uid,
        "series_instance_uid": plan.series_instance_uid,
        "dates": done.dates.value,
        "treated": [{"source": one.source, "name": one.name, "treatment": one.treatment.value} for one in done.treated],
        "images": [instance.kind.value for instance in plan.instances],
    }
    return f"deidentified/{plan.slide_id}.json", f"{json.dumps(audit, indent=1)}\n".encode()
