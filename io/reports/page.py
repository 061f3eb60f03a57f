"""The summary of a job as one page that needs nothing else: no network, no font, no script of others.

It answers, in this order, what is asked in the morning: is it done, what failed and what to do about it, when will it
be done, how much was moved, and how much of it untouched. Names and messages come from outside, so all text is
escaped, and the page forbids itself all but its own style and script (Content-Security-Policy). The script turns times
into the reader's and says when the page has not been written for a while, which is how a killed job looks; without it
nothing else is missing.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from pipeline.io.reports.markup import Markup, element, joined, verbatim
from pipeline.io.reports.page_failures import failure_sections
from pipeline.io.reports.page_figures import figure_section, frame_section
from pipeline.io.reports.page_style import SCRIPT, STYLE
from pipeline.model.figures import count_text, duration_text

_REFRESH_SECONDS = 15
_COUNTS = (
    ("published", "written"),
    ("skipped", "finished before"),
    ("failed", "failed"),
)
_HELD = {
    "slides": "one row for each slide: how it ended, where it is, its figures",
    "instances": "one row for each DICOM instance that was written",
    "runs": "one row for each run of frames and the way that they went, with times",
    "failures": "one row for each failure, of a slide or of a tile",
    "reports": "all of this as JSON, by wave",
    "failure_lines": "the failures as JSON, one a line",
}


def summary_page(summary: Mapping[str, Any]) -> str:
    """Return the page of a summary; while the job runs it loads itself anew."""
    running = summary["state"] == "running"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="refresh", content=str(_REFRESH_SECONDS)) if running else None,
        element("title", f"{_headline(summary)}: {summary['job']}"),
        verbatim("style", STYLE),
    )
    body = element(
        "body",
        element("header", *_heading(summary)),
        element("main", *failure_sections(summary), figure_section(summary), frame_section(summary), _files(summary)),
        _footer(summary),
        verbatim("script", SCRIPT),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _time_element(moment: str) -> Markup:
    """Return a time, which the script shows in the reader's time zone."""
    return element("time", moment.replace("T", " ").replace("Z", " UTC"), datetime=moment)


def _heading(summary: Mapping[str, Any]) -> list[Markup]:
    troubled = summary["state"] == "finished" and summary["slides"]["failed"]
    state = element(
        "span", summary["state"].capitalize(), class_=f"state {'troubled' if troubled else summary['state']}"
    )
    parts = [
        element("p", state, "slidebeam job ", element("code", summary["job"]), class_="job"),
        element("h1", _headline(summary)),
        element("p", *_outlook(summary), class_="lead"),
    ]
    if summary["state"] == "running":
        text = (
            " ago this page was last written, and a job that runs writes it every few seconds: it was probably "
            "killed. Run the same command again: what is published stays, and the job goes on from there."
        )
        parts.append(element("p", element("b"), text, class_="stale", data_updated=summary["updated"], hidden=""))
    return [*parts, joined(_bar(summary)), _counts(summary)]


def _headline(summary: Mapping[str, Any]) -> str:
    slides = summary["slides"]
    good, failed, expected = slides["published"] + slides["skipped"], slides["failed"], slides["expected"]
    behind = f", {failed:,} failed" if failed else ""
    if expected is None:
        return f"{count_text(good, 'slide')} done{behind}"
    if summary["state"] == "finished" and not failed:
        return "The slide is done" if expected == 1 else f"All {count_text(expected, 'slide')} are done"
    return f"{good:,} of {count_text(expected, 'slide')} done{behind}"


def _outlook(summary: Mapping[str, Any]) -> list[str]:
    elapsed = duration_text(summary["elapsed_seconds"])
    if summary["slides"]["expected"] is None:
        if summary["state"] == "running":
            return [f"Watching for {elapsed}: slides are converted as they come."]
        return [f"It watched for {elapsed}, until ", _time_element(summary["ended"]), "."]
    if summary["state"] == "finished":
        return [f"It took {elapsed} and ended ", _time_element(summary["ended"]), "."]
    if summary["state"] == "stopped":
        return [
            f"It was stopped after {elapsed}, ",
            _time_element(summary["ended"]),
            ". Run the same command again: what is done is skipped.",
        ]
    if summary["seconds_left"] is None:
        return [f"Running for {elapsed}; how long it will take is not known yet."]
    left = duration_text(summary["seconds_left"])
    return [f"About {left} left, until ", _time_element(summary["expected_end"]), f"; running for {elapsed}."]


def _bar(summary: Mapping[str, Any]) -> Markup | None:
    """Return slides that ended as parts of a bar; of a single slide that runs, the work that is done."""
    slides = summary["slides"]
    if not slides["expected"]:
        return None
    parts, begin = [element("rect", class_="ground", width="100%", height="100%")], 0.0
    shares = [(status, slides[status] / slides["expected"]) for status, _ in _COUNTS]
    if slides["done"] < slides["expected"] and summary["work_share"] is not None:
        shares.append(("work", max(0.0, summary["work_share"] - slides["done"] / slides["expected"])))
    for status, share in shares:
        width = min(100.0 - begin, share * 100)
        if width > 0:
            parts.append(element("rect", class_=status, x=f"{begin:.3f}%", width=f"{width:.3f}%", height="100%"))
        begin += width
    told = ", ".join(f"{slides[status]:,} {text}" for status, text in _COUNTS)
    return element("svg", *parts, class_="bar", role="img", aria_label=f"{told}, of {slides['expected']:,} slides")


def _counts(summary: Mapping[str, Any]) -> Markup:
    slides = summary["slides"]
    boxes = [
        _count(text, status, slides[status], bad=status == "failed" and slides[status] > 0) for status, text in _COUNTS
    ]
    if slides["expected"] is not None:
        boxes.append(_count("to do", "left", max(0, slides["expected"] - slides["done"]), bad=False))
    return element("dl", *boxes, class_="counts")


def _count(text: str, status: str, count: int, *, bad: bool) -> Markup:
    label = element("dt", element("span", class_=f"key {status}", aria_hidden="true"), f"Slides {text}")
    return element("div", label, element("dd", f"{count:,}", class_="bad" if bad else None))


def _files(summary: Mapping[str, Any]) -> Markup | None:
    """Return what the files beside the page are; None before there are any."""
    if not summary["tables"]:
        return None
    rows = [
        element("tr", element("td", element("code", name)), element("td", _HELD[held]))
        for held, name in summary["tables"].items()
    ]
    head = element("tr", element("th", "File", scope="col"), element("th", "What it holds", scope="col"))
    return element(
        "section",
        element("h2", "More, beside this page"),
        element("table", element("thead", head), element("tbody", *rows)),
    )


def _footer(summary: Mapping[str, Any]) -> Markup:
    versions = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
    options = "\n".join(f"{name}: {value}" for name, value in summary["options"].items())
    counters = "\n".join(f"{name}: {count:,}" for name, count in summary["counters"].items())
    return element(
        "footer",
        element("p", "Begun ", _time_element(summary["started"]), ", written ", _time_element(summary["updated"]), "."),
        element("p", "Output: ", element("code", summary["output_dir"])),
        element("p", f"Engine: {summary['engine']}") if summary["engine"] else None,
        element("p", "Options: digest ", element("code", summary["config_digest"])),
        element("details", element("summary", "All options"), element("pre", options)),
        element("details", element("summary", "Beam counters"), element("pre", counters)) if counters else None,
        element("details", element("summary", "Versions"), element("p", versions)),
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = (
    f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; base-uri 'none'; form-action 'none'"
)
