"""The figures of the page: bytes, rates, memory, and the ways that frames went."""

from collections.abc import Mapping
from typing import Any

from pipeline.io.reports.markup import Markup, element
from pipeline.model.figures import bytes_text, count_text, duration_text, share_text
from pipeline.model.reasons import Reason, Route

_WAYS = {
    Route.PASSTHROUGH: "stored as they were in the slide",
    Route.RETILED: "cut from the slide's JPEG, coefficients unchanged",
    Route.RECOMPRESSED: "stored in another coding, from which the slide's JPEG comes back byte for byte",
    Route.ENCODE: "decoded and encoded",
    Route.BACKGROUND: "background, where the slide holds no tile",
}


def figure_section(summary: Mapping[str, Any]) -> Markup:
    """Return what was moved, how fast, and what it took."""
    moved, frames, rates = summary["bytes"], summary["frames"], summary["throughput"]
    sources = f"of sources that take {bytes_text(moved['sources'])}" if moved["sources"] else None
    grown = f"{share_text(moved['written'] / moved['read'])} of what was read" if moved["read"] else None
    share = frames["passthrough_share"]
    boxes = [
        _figure("Read", bytes_text(moved["read"]), sources),
        _figure("Written", bytes_text(moved["written"]), grown),
        _figure(
            "Frames passed through",
            share_text(share) if share is not None else "none yet",
            f"of {count_text(frames['total'], 'frame')}; the others were encoded",
        ),
        _figure(
            "Throughput",
            _rate(rates["slides_per_hour"], "slides/h"),
            f"{_read_rate(rates['gigabytes_per_hour'])}, {_rate(rates['frames_per_second'], 'frames/s')}",
        ),
        _figure("Time at work", duration_text(rates["busy_seconds"]), _waves_text(summary["waves"])),
        _figure("Memory, at most", bytes_text(summary["rss_bytes"]), "of the process that ran the job"),
    ]
    if summary["slides"]["retried"]:
        boxes.append(_figure("Tried again", count_text(summary["slides"]["retried"], "slide"), "that had failed"))
    return element("section", element("h2", "Figures"), element("dl", *boxes, class_="figures"))


def frame_section(summary: Mapping[str, Any]) -> Markup | None:
    """Return frames by way and by reason; None where there is no frame."""
    routes = summary["frames"]["by_route"]
    total = sum(routes.values())
    if not total:
        return None
    ways = [_row(route.value, text, routes[route.value], total) for route, text in _WAYS.items() if routes[route.value]]
    reasons = sorted(summary["frames"]["by_reason"].items(), key=lambda item: -item[1])
    why = [_row(reason, Reason(reason).citation, count, total) for reason, count in reasons]
    return element(
        "section",
        element("h2", "Frames"),
        _table("Ways that frames went", ways),
        element("details", element("summary", "Why frames did not pass"), _table("Reasons", why)) if why else None,
    )


def _figure(name: str, value: str, more: str | None) -> Markup:
    return element("div", element("dt", name), element("dd", value, element("small", more) if more else None))


def _waves_text(waves: Mapping[str, Any]) -> str | None:
    expected = waves["expected"]
    if expected == 1:
        return None
    return count_text(waves["ended"], "wave") if expected is None else f"{waves['ended']:,} of {expected:,} waves ended"


def _rate(value: float | None, unit: str) -> str:
    if value is None:
        return f"no {unit} yet"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _read_rate(gigabytes_per_hour: float | None) -> str:
    return "nothing read yet" if gigabytes_per_hour is None else f"{bytes_text(gigabytes_per_hour * 1e9)}/h read"


def _table(caption: str, rows: list[Markup]) -> Markup:
    heads = [element("th", name, scope="col") for name in ("Way" if caption.startswith("Ways") else "Reason", "")]
    counts = [element("th", name, scope="col", class_="count") for name in ("Frames", "Share")]
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads, *counts)),
        element("tbody", *rows),
    )


def _row(name: str, text: str, count: int, total: int) -> Markup:
    return element(
        "tr",
        element("th", name, scope="row"),
        element("td", text),
        element("td", f"{count:,}", class_="count", data_unit="frames"),
        element("td", share_text(count / total), class_="count"),
    )
