"""Validate whole-slide instances below a path: every rule over every instance and every series, and other tools."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.io.validation.dicom3tools import find_tools, verify_entities, verify_instances
from pipeline.io.validation.findings import Fault, Finding, Severity, ValidationReport, one_line
from pipeline.io.validation.instance import Instance, is_dicom, read_instance
from pipeline.io.validation.rule import Rule, Subject
from pipeline.io.validation.rules import INSTANCE_RULES, SERIES_RULES
from pipeline.io.validation.series import Series, group_by_series
from pipeline.io.validation.value_rules import READABLE
from pipeline.model.errors import SourceError


def validate_path(path: Path, *, tools: bool = True) -> ValidationReport:
    """Validate a file, or all DICOM files below a folder; without `tools` by our own rules alone.

    Raises SourceError when there is no whole-slide instance, or what is there cannot be read.
    """
    if path.is_dir():
        files = sorted(found for found in path.rglob("*") if found.is_file() and is_dicom(found))
        root = path
    elif path.exists():
        files, root = [path] if is_dicom(path) else [], path.parent
    else:
        raise SourceError(f"there is no {path}; give a DICOM file, or a folder of them", uri=str(path))
    if not files:
        raise SourceError(f"{path} holds no DICOM file; give a DICOM file, or a folder of them", uri=str(path))
    report = validate_files(files, root, name=str(path), tools=tools)
    if not report.files and not report.findings:
        raise SourceError(f"{path} holds nothing to validate: {'; '.join(report.left_out[:3])}", uri=str(path))
    return report


def validate_files(files: Sequence[Path], root: Path, *, name: str = "", tools: bool = True) -> ValidationReport:
    """Validate DICOM files, named in findings by their paths below `root`."""
    with warnings.catch_warnings():
        # pydicom warns of values that are findings here.
        warnings.simplefilter("ignore")
        return _validate(files, root, name, tools=tools)


def _validate(files: Sequence[Path], root: Path, name: str, *, tools: bool) -> ValidationReport:
    instances: list[tuple[Path, Instance]] = []
    findings: list[Finding] = []
    left_out: list[str] = []
    for file in files:
        shown = file.relative_to(root).as_posix()
        try:
            read = read_instance(file, shown)
        except SourceError as error:
            findings.append(_finding(READABLE, Fault(error.message), shown))
            continue
        if isinstance(read, Instance):
            instances.append((file, read))
        else:
            left_out.append(one_line(f"{shown}: {read}"))
    for _, instance in instances:
        findings += _judge(INSTANCE_RULES, instance, instance.file)
    for series in group_by_series(instance for _, instance in instances):
        findings += _judge(SERIES_RULES, series, series.instances[0].file)
    found = find_tools() if tools else {}
    try:
        findings += verify_instances(found.get("dciodvfy"), instances)
        findings += verify_entities(found.get("dcentvfy"), instances)
    except SourceError as error:
        left_out.append(error.message)
    return ValidationReport(
        path=name or str(root),
        files=len(instances),
        findings=tuple(_sorted(findings)),
        left_out=tuple(left_out),
        tools=found,
    )


def _judge(rules: Iterable[Rule[Subject]], subject: Subject, file: str) -> Iterator[Finding]:
    """Run rules; an attribute that one of them cannot read is told by the rule about readable values."""
    for rule in rules:
        try:
            for fault in rule.check(subject):
                yield _finding(rule, fault, file)
        except SourceError as error:
            yield _finding(READABLE, Fault(error.message), file)


def _finding(rule: Rule[Instance] | Rule[Series] | Rule[Subject], fault: Fault, file: str) -> Finding:
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        file=fault.file or file,
        frame=fault.frame,
        message=one_line(fault.message),
        citation=rule.citation,
    )


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings file by file, errors first, otherwise in the order of the rules; none twice."""
    return sorted(dict.fromkeys(findings), key=lambda one: (one.file, one.severity is not Severity.ERROR))
