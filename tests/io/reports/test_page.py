"""The page, as its text."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.reports.markup import element
from pipeline.io.reports.page import summary_page
from pipeline.io.reports.page_failures import meaning
from pipeline.io.reports.summary import JobState, job_summary
from pipeline.io.reports.tally import JobTally
from tests.io.reports.waves import CONFIG, wave_report

HOSTILE = "</style></title><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\"'"


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep text, that of style and script too."""
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(*reports: dict[str, Any], state: JobState | None = None, slides: int | None = 4) -> Page:
    """Return the page after waves of ten seconds each."""
    tally = JobTally("job-1", CONFIG, slides=slides, waves=len(reports))
    for report in reports:
        tally.begin(slides=len(report["slides"]), bytes=0)
        tally.add(report, 10.0)
    return Page(summary_page(job_summary(tally, state)))


def test_names_and_messages_are_text() -> None:
    report = wave_report(["a.svs"], failed={HOSTILE: HOSTILE}, message=HOSTILE)
    page, tame = page_of(report), page_of(wave_report(["a.svs"], failed={"b.svs": "SourceError"}))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in tame.elements]
    assert page.text.count(HOSTILE) >= 4


@given(st.text(), st.text(min_size=1))
def test_what_is_put_in_comes_out_as_text(text: str, value: str) -> None:
    shown = Page(element("p", text, title=value))
    assert shown.all("p") == [{"title": value.replace("\r\n", "\n").replace("\r", "\n")}] or "\r" in value
    assert [tag for tag, _ in shown.elements] == ["p"]
    assert shown.text == text


def test_it_loads_itself_anew_only_while_the_job_runs() -> None:
    def refreshes(page: Page) -> bool:
        return any(meta.get("http-equiv") == "refresh" for meta in page.all("meta"))

    report = wave_report(["a.svs"])
    assert refreshes(page_of(report, state=JobState.RUNNING))
    assert not refreshes(page_of(report, state=JobState.FINISHED))
    assert not refreshes(page_of(report, state=JobState.STOPPED))


def test_it_needs_nothing_from_elsewhere_and_allows_itself_no_more() -> None:
    tally = JobTally("job-1", CONFIG, slides=1)
    text = summary_page(job_summary(tally, JobState.RUNNING))
    page = Page(text)
    assert not [attributes for _, attributes in page.elements if {"src", "href", "style", "onclick"} & set(attributes)]
    assert "url(" not in text
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    for name in ("style", "script"):
        (own,) = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize(
    ("reports", "slides", "state", "headline"),
    [
        ([wave_report(["a.svs", "b.svs"])], 2, None, "All 2 slides are done"),
        ([wave_report(["a.svs"])], 1, None, "The slide is done"),
        ([wave_report(["a.svs"], failed={"b.svs": "SourceError"})], 2, None, "1 of 2 slides done, 1 failed"),
        ([wave_report(["a.svs"], skipped=["b.svs"])], 1500, JobState.RUNNING, "2 of 1,500 slides done"),
        ([wave_report(["a.svs"])], None, JobState.RUNNING, "1 slide done"),
    ],
)
def test_the_headline_says_how_it_stands(
    reports: list[dict[str, Any]], slides: int | None, state: JobState | None, headline: str
) -> None:
    assert f"{headline}: job-1" in page_of(*reports, slides=slides, state=state).text


def test_a_job_that_was_stopped_says_what_to_do() -> None:
    assert "Run the same command again: what is done is skipped." in page_of(wave_report(["a.svs"])).text


def test_failures_say_what_they_mean_and_how_to_see_them_again() -> None:
    page = page_of(wave_report(["a.svs"], failed={"b.svs": "SourceError"}))
    assert "1 slide failed" in page.text
    assert "A slide cannot be opened, read or understood." in page.text
    assert "python -m pipeline.run --input /slides/b.svs" in page.text
    assert "Nothing new is published of these slides" in page.text
    assert "Nothing of these slides is published" not in page_of(wave_report(["a.svs"])).text
    assert meaning("TileError") == "One tile cannot be read, decoded or encoded."
    assert all("please report it" in meaning(name) for name in ("MemoryError", "re", "Any"))


def test_the_bar_is_read_out_and_its_parts_are_the_slides() -> None:
    page = page_of(wave_report(["a.svs", "b.svs"], skipped=["c.svs"], failed={"d.svs": "SourceError"}))
    (bar,) = page.all("svg")
    assert bar["aria-label"] == "2 written, 1 finished before, 1 failed, of 4 slides"
    assert {str(part["class"]): part["width"] for part in page.all("rect")} == {
        "ground": "100%",
        "published": "50.000%",
        "skipped": "25.000%",
        "failed": "25.000%",
    }
