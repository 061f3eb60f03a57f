"""What a conversion says on the terminal: a few lines a slide as its wave ends, and a total at the end of the job.

A wave of many slides has one line for each of them, so that those that failed are found among those that did not.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.model.config import Backend, ConversionConfig
from pipeline.model.errors import OutputExists
from pipeline.model.figures import bytes_text, count_text, duration_text, share_text
from pipeline.model.reasons import Route
from pipeline.model.transfer_syntaxes import TransferSyntax

_MOST_COMMANDS = 3
_MOST_SLIDES_IN_FULL = 8
"""Of a job: slides of more than that have one line each."""


def slide_lines(report: Mapping[str, Any], *, reports: str, slides: int) -> list[str]:
    """Return what became of each slide of a wave; `reports` is where the job's reports are.

    In full where the job has few `slides`, else in a line for each.
    """
    lines: list[str] = []
    in_full = slides <= _MOST_SLIDES_IN_FULL
    for slide in report["slides"]:
        name = slide["slide_id"]
        failures = [failure for failure in report["failures"] if failure["slide_id"] == name]
        if slide["status"] == "failed":
            lines.append(f"{name}: {_failure_text(failures)}")
            lines += _commands(failures, reports) if in_full else []
        elif slide["status"] == "skipped":
            lines.append(f"{name}: finished before with the same options, in {slide['path']}")
        else:
            lines.append(f"{name}: written to {slide['path']}")
            instances = [instance for instance in report["instances"] if instance["slide_id"] == name]
            lines += _details(slide, instances) if in_full else []
    return lines


def _failure_text(failures: Sequence[Mapping[str, Any]]) -> str:
    """Say in which way a slide failed. Where something stands in its place, that stays."""
    kinds = list(dict.fromkeys(failure["error_class"] for failure in failures))
    left = "what is in the output stays" if OutputExists.__name__ in kinds else "nothing of it is published"
    return f"failed ({', '.join(kinds)}), {left}"


def total_lines(summary: Mapping[str, Any], config: ConversionConfig, *, reports: str, seconds: float) -> list[str]:
    """Return the total of a job, out of its summary, and where the reports are."""
    slides, frames = summary["slides"], summary["frames"]
    said = [f"{count_text(slides['published'], 'slide')} written"]
    if slides["skipped"]:
        said.append(f"{slides['skipped']:,} skipped")
    if slides["failed"]:
        classes = ", ".join(f"{entry['slides']:,} {kind}" for kind, entry in summary["failures"].items())
        said.append(f"{slides['failed']:,} failed ({classes})")
    moved = f"{count_text(frames['total'], 'frame')}, {bytes_text(summary['bytes']['written'])}"
    lines = [f"{', '.join(said)}: {moved} in {duration_text(seconds)}"]
    if slides["published"] > 1:
        lines.append(_rates_text(summary))
    if config.backend is Backend.PREFER_DEVICE:
        lines.append("Frames were encoded on the CPU: this version has no device encoder")
    lines.append(f"Reports: {reports}/report.html")
    return lines


def _rates_text(summary: Mapping[str, Any]) -> str:
    rates, share = summary["throughput"], summary["frames"]["passthrough_share"]
    read = bytes_text(rates["gigabytes_per_hour"] * 1e9)
    text = f"While converting: {rates['slides_per_hour']:,.0f} slides/h, {read}/h read"
    return text if share is None else f"{text}; {share_text(share)} of the frames passed through"


def _details(slide: Mapping[str, Any], instances: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if instances:
        yield f"  {_images_text(instances)}"
        yield f"  {_syntaxes_text(instances)}"
        yield f"  {_routes_text(slide)}"
        if slide["recompression"]["jpeg_bytes"]:
            yield f"  {_recompression_text(slide)}"
        extent = "all" if slide["certificate"]["compared_frames"] == slide["frames"] else "a sample"
        compared = count_text(slide["certificate"]["compared_frames"], "frame")
        yield f"  certificate: {compared} ({extent}) read back from the files, each as it was"
    yield from (f"  note: {warning}" for warning in slide["warnings"])


def _commands(failures: Sequence[Mapping[str, Any]], reports: str) -> Iterator[str]:
    """Yield what shows a slide's failures again, each command once."""
    commands = [command for command in dict.fromkeys(failure["reproduce"] for failure in failures) if command]
    yield from (f"  again with: {command}" for command in commands[:_MOST_COMMANDS])
    if len(commands) > _MOST_COMMANDS:
        yield f"  and {len(commands) - _MOST_COMMANDS} more, in {reports}/failures.jsonl"


def _images_text(instances: Sequence[Mapping[str, Any]]) -> str:
    levels = [instance for instance in instances if instance["level"] is not None]
    others = [instance["name"] for instance in instances if instance["level"] is None]
    sizes = [f"{level['geometry']['columns']} x {level['geometry']['rows']}" for level in levels]
    extent = " to ".join(dict.fromkeys((sizes[0], sizes[-1])))
    count = len({level["level"] for level in levels})
    return ", ".join([f"{count_text(count, 'level')} ({extent} pixels)", *others])


def _syntaxes_text(instances: Sequence[Mapping[str, Any]]) -> str:
    names: dict[str, list[str]] = {}
    for instance in instances:
        names.setdefault(TransferSyntax(instance["transfer_syntax_uid"]).option, []).append(instance["name"])
    if len(names) == 1:
        return next(iter(names))
    return "; ".join(f"{syntax}: {', '.join(of)}" for syntax, of in names.items())


def _routes_text(slide: Mapping[str, Any]) -> str:
    kept = [route.value for route in Route if route.keeps_tiles]
    passing, frames = sum(slide["frames_by_route"][route] for route in kept), slide["frames"]
    reasons = ", ".join(f"{reason} {row['frames']:,}" for reason, row in slide["frames_by_reason"].items())
    if not passing:
        return f"{count_text(frames, 'frame')} encoded: {reasons}"
    recompressed = slide["frames_by_route"][Route.RECOMPRESSED]
    way = "were recompressed from JPEG" if recompressed else "passed through unchanged"
    text = f"{passing:,} of {count_text(frames, 'frame')} {way}"
    return f"{text}; encoded: {reasons}" if reasons else text


def _recompression_text(slide: Mapping[str, Any]) -> str:
    before, after = slide["recompression"]["jpeg_bytes"], slide["recompression"]["stored_bytes"]
    return (
        f"JPEG of {bytes_text(before)} stored in {bytes_text(after)}, {1 - after / before:.1%} saved: "
        "each frame gives its JPEG back byte for byte"
    )
