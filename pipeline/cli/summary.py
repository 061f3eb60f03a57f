"""The summary at the end of a conversion, for people: a few lines a slide, out of the report."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipeline.cli.figures import bytes_text, count_text, duration_text
from pipeline.job import FinishedJob
from pipeline.model.config import Backend
from pipeline.model.reasons import Route
from pipeline.model.transfer_syntaxes import TransferSyntax

_MOST_COMMANDS = 3


def summary_lines(job: FinishedJob) -> list[str]:
    """Return what became of each slide, what there is to know, and where the reports are."""
    report = job.report
    lines = [line for slide in report["slides"] for line in _slide_lines(slide, job)]
    ends = Counter(slide["status"] for slide in report["slides"])
    said = [f"{count_text(ends['published'], 'slide')} written"]
    said += [f"{ends[status]} {status}" for status in ("skipped", "failed") if ends[status]]
    frames = count_text(report["metrics"]["total_frames"], "frame")
    size = bytes_text(sum(instance["bytes"] for instance in report["instances"]))
    lines.append(f"{', '.join(said)}: {frames}, {size} in {duration_text(job.seconds)}")
    if job.config.backend is Backend.PREFER_DEVICE:
        lines.append("Frames were encoded on the CPU: this version has no device encoder")
    lines.append(f"Reports: {job.reports}")
    return lines


def _slide_lines(slide: dict[str, Any], job: FinishedJob) -> Iterator[str]:
    name = slide["slide_id"]
    if slide["status"] == "failed":
        yield f"{name}: failed, nothing of it is published"
        yield from _commands(name, job)
        return
    if slide["status"] == "skipped":
        yield f"{name}: finished before with the same options, in {slide['path']}"
        return
    yield f"{name}: written to {slide['path']}"
    instances = [instance for instance in job.report["instances"] if instance["slide_id"] == name]
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


def _commands(name: str, job: FinishedJob) -> Iterator[str]:
    """Yield what shows a slide's failures again, each command once."""
    own = (failure["reproduce"] for failure in job.report["failures"] if failure["slide_id"] == name)
    commands = [command for command in dict.fromkeys(own) if command]
    yield from (f"  again with: {command}" for command in commands[:_MOST_COMMANDS])
    if len(commands) > _MOST_COMMANDS:
        yield f"  and {len(commands) - _MOST_COMMANDS} more, in {job.reports}/failures.jsonl"


def _images_text(instances: list[dict[str, Any]]) -> str:
    levels = [instance for instance in instances if instance["level"] is not None]
    others = [instance["name"] for instance in instances if instance["level"] is None]
    sizes = [f"{level['geometry']['columns']} x {level['geometry']['rows']}" for level in levels]
    extent = " to ".join(dict.fromkeys((sizes[0], sizes[-1])))
    count = len({level["level"] for level in levels})
    return ", ".join([f"{count_text(count, 'level')} ({extent} pixels)", *others])


def _syntaxes_text(instances: list[dict[str, Any]]) -> str:
    names: dict[str, list[str]] = {}
    for instance in instances:
        names.setdefault(TransferSyntax(instance["transfer_syntax_uid"]).option, []).append(instance["name"])
    if len(names) == 1:
        return next(iter(names))
    return "; ".join(f"{syntax}: {', '.join(of)}" for syntax, of in names.items())


def _routes_text(slide: dict[str, Any]) -> str:
    kept = [route.value for route in Route if route.keeps_tiles]
    passing, frames = sum(slide["frames_by_route"][route] for route in kept), slide["frames"]
    reasons = ", ".join(f"{reason} {row['frames']:,}" for reason, row in slide["frames_by_reason"].items())
    if not passing:
        return f"{count_text(frames, 'frame')} encoded: {reasons}"
    recompressed = slide["frames_by_route"][Route.RECOMPRESSED]
    way = "were recompressed from JPEG" if recompressed else "passed through unchanged"
    text = f"{passing:,} of {count_text(frames, 'frame')} {way}"
    return f"{text}; encoded: {reasons}" if reasons else text


def _recompression_text(slide: dict[str, Any]) -> str:
    before, after = slide["recompression"]["jpeg_bytes"], slide["recompression"]["stored_bytes"]
    return (
        f"JPEG of {bytes_text(before)} stored in {bytes_text(after)}, {1 - after / before:.1%} saved: "
        "each frame gives its JPEG back byte for byte"
    )
