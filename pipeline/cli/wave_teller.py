"""What a conversion says of each wave when it has ended, on stdout and stderr; lets go of the report then."""

import json
from typing import Any

from pipeline.cli.messages import about, tell_error
from pipeline.cli.summary import slide_lines
from pipeline.options import Request


class WaveTeller:
    """Receives the reports of a job's waves."""

    def __init__(self, request: Request, slides: int | None) -> None:
        """Take how many slides the job has; None: nobody knows."""
        self._request = request
        self._slides = slides

    def __call__(self, report: dict[str, Any]) -> None:
        """Print a wave's report, or what became of its slides; errors are told on stderr, quiet or not."""
        if self._request.json:
            print(json.dumps(report), flush=True)
        elif not self._request.quiet:
            reports = f"{self._request.config.output}/_reports/{report['job']}"
            slides = len(report["slides"]) if self._slides is None else self._slides
            print("\n".join(slide_lines(report, reports=reports, slides=slides)), flush=True)
        for slide in report["slides"]:
            if slide["status"] == "failed":
                tell_error(_failure_text(slide, report["failures"]))


def _failure_text(slide: dict[str, Any], failures: list[dict[str, Any]]) -> str:
    """Return a slide's first failure with its place, and the number of the others."""
    own = [failure for failure in failures if failure["slide_id"] == slide["slide_id"]]
    first, more = own[0], len(own) - 1
    place = ", ".join(f"{name} {first[name]}" for name in ("level", "frame") if first[name] is not None)
    message = f"{place}: {first['message']}" if place else first["message"]
    return about(slide["slide_id"], message) + (f" (and {more} more, in failures.jsonl)" if more else "")
