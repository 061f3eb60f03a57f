"""What `slidebeam validate` says to people."""

from collections.abc import Iterator

from pipeline.io.validation import RULES, Finding, ValidationReport
from pipeline.model.figures import count_text

_SAYS = {rule.id: rule.says for rule in RULES}


def validation_lines(report: ValidationReport, *, verbose: bool) -> Iterator[str]:
    """Yield a line a finding, and the verdict; with `verbose` what each broken rule asks for, and what was left out."""
    yield from (_finding_text(finding) for finding in report.findings)
    if verbose:
        broken = sorted({finding.rule for finding in report.findings} & _SAYS.keys())
        yield from (f"{rule}: {_SAYS[rule]}" for rule in broken)
        yield from (f"not validated: {sentence}" for sentence in report.left_out)
    for name, place in report.tools.items():
        if place is None:
            yield f"{name} is not installed (it comes with dicom3tools): only our own rules were checked"
    verdict = f"{count_text(report.errors, 'error')} and {count_text(report.warnings, 'warning')}"
    others = f", {count_text(len(report.left_out), 'other file')} left out" if report.left_out else ""
    yield f"{report.path}: {count_text(report.files, 'whole-slide instance')}, {verdict}{others}"


def _finding_text(finding: Finding) -> str:
    return f"{finding.file}: {finding.severity}: {finding.message} [{finding.rule}, {finding.citation}]"
