"""Whole-slide DICOM files of any writer against the standard: our own rules, by family, and other validators."""

from pipeline.io.validation.findings import Finding, Severity, ValidationReport
from pipeline.io.validation.rules import FAMILIES, RULES
from pipeline.io.validation.validate import validate_files, validate_path

__all__ = ["FAMILIES", "RULES", "Finding", "Severity", "ValidationReport", "validate_files", "validate_path"]
