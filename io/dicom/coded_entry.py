"""Items of code sequences (PS3.3 8.8)."""

from pydicom import Dataset


def coded_entry(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item with Code Value, Coding Scheme Designator and Code Meaning."""
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return item
