"""What `slidebeam verify` says to people."""

from collections.abc import Iterator

from pipeline.io.verification.findings import InstanceFindings, VerificationReport
from pipeline.model.figures import count_text

_MOST_FRAMES = 10
"""Numbers of differing frames that are shown."""


def verification_lines(report: VerificationReport) -> Iterator[str]:
    """Yield a line an instance, and the verdict."""
    yield from (f"{instance.file}: {_findings_text(instance)}" for instance in report.instances)
    yield f"{report.series} {_verdict(report)} {report.slide}{_not_compared(report)}"


def problem_lines(report: VerificationReport) -> Iterator[str]:
    """Yield what is wrong, a line a file."""
    yield from report.problems
    for instance in report.instances:
        if not instance.ok:
            shown = ", ".join(map(str, instance.differing[:_MOST_FRAMES]))
            rest = len(instance.differing) - _MOST_FRAMES
            more = f" and {rest:,} more" if rest > 0 else ""
            yield f"{instance.file} differs from the slide in frame {shown}{more}; convert it again with --force"


def _verdict(report: VerificationReport) -> str:
    similar = sum(instance.similar for instance in report.instances)
    if not report.ok:
        return "does NOT hold what is in"
    if similar:
        return (
            f"holds, but for the loss in {count_text(similar, 'frame')} that {_was(similar)} encoded anew, what is in"
        )
    return "holds exactly what is in"


def _not_compared(report: VerificationReport) -> str:
    """Name what the verdict is not about."""
    if not report.not_compared:
        return ""
    names = ", ".join(report.not_compared)
    if not report.ok:
        return f"; not compared: {names}"
    them, were = ("it", "was one") if len(report.not_compared) == 1 else ("them", "were any")
    doubt = "" if report.recorded else f", and no state record tells whether there {were}"
    return f", except {names}: there is no file of {them}{doubt}"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _findings_text(instance: InstanceFindings) -> str:
    if instance.note:
        return f"{count_text(instance.frames, 'frame')}, {instance.note}"
    counts = {
        "with the source's own bytes": instance.identical,
        "with exactly its pixels": instance.equal_pixels,
        "near its pixels": instance.similar,
        "of background": instance.background,
        "DIFFERENT": len(instance.differing),
    }
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
    psnr = f" (PSNR at least {instance.psnr_db:.1f} dB)" if instance.psnr_db is not None else ""
    return f"{count_text(instance.frames, 'frame')}: {kinds}{psnr}"
