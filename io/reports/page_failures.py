"""The failures of the page: by class with an example and what it means, then the newest in full."""

from collections.abc import Mapping
from typing import Any

from pipeline.io.reports.failed_slides import NEWEST
from pipeline.io.reports.markup import Markup, element, joined
from pipeline.model import errors
from pipeline.model.figures import count_text


def failure_sections(summary: Mapping[str, Any]) -> list[Markup]:
    """Return what failed; nothing where nothing did."""
    failed = summary["slides"]["failed"]
    if not failed:
        return []
    advice = (
        "Nothing new is published of these slides; what stood in their places before is as it was. When the cause is "
        "removed, run the same command again: what is done is skipped, what failed is tried anew."
    )
    heads = [element("th", name, scope="col") for name in ("Class", "Example")]
    head = element("tr", heads[0], element("th", "Slides", scope="col", class_="count"), heads[1])
    rows = [_class_row(kind, entry) for kind, entry in summary["failures"].items()]
    table = element("table", element("thead", head), element("tbody", *rows), class_="classes")
    return [element("section", element("h2", f"{count_text(failed, 'slide')} failed"), element("p", advice), table)] + (
        [_newest(summary)] if summary["last_failures"] else []
    )


def meaning(error_class: str) -> str:
    """Return what a class of errors means, in a sentence."""
    kind = getattr(errors, error_class, None)
    if not (isinstance(kind, type) and issubclass(kind, errors.SlidebeamError)):
        return "Not foreseen, so most likely a fault of slidebeam: please report it."
    return (kind.__doc__ or "").partition("\n")[0]


def _class_row(kind: str, entry: Mapping[str, Any]) -> Markup:
    example = entry["example"]
    shown = _failure(example) if example else element("span", "shown when its wave has ended", class_="soft")
    return element(
        "tr",
        element("th", kind, element("p", meaning(kind), class_="soft"), scope="row"),
        element("td", f"{entry['slides']:,}", class_="count", data_unit="slides"),
        element("td", shown),
    )


def _newest(summary: Mapping[str, Any]) -> Markup:
    shown = summary["last_failures"]
    rows = [
        element("tr", element("th", failure["error_class"], scope="row"), element("td", _failure(failure)))
        for failure in shown
    ]
    title = f"The slides that failed ({len(shown):,})"
    if len(shown) == NEWEST:
        title = f"The last {NEWEST} slides that failed; all are in {summary['tables']['failures']}"
    head = element("tr", element("th", "Class", scope="col"), element("th", "Slide", scope="col"))
    table = element("table", element("thead", head), element("tbody", *rows))
    return element("details", element("summary", title), table)


def _failure(failure: Mapping[str, Any]) -> Markup:
    place = [f"{name} {failure[name]}" for name in ("level", "frame") if failure[name] is not None]
    more = [f"and {failure['more']:,} more of this slide"] if failure["more"] else []
    where = ", ".join([failure["stage"], *place, *more])
    return joined(
        element("b", failure["slide_id"]),
        element("div", failure["message"]),
        element("div", where, class_="soft"),
        element("pre", failure["reproduce"]) if failure["reproduce"] else None,
    )
