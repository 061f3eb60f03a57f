"""The rows of a manifest as its mapping reads them: which slide, which name, and the cells for its metadata.

All rows are looked at before anything is refused: an error names the first few that are wrong and counts the others,
so that a table is put right in one go.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.io.manifests.places import check_folder_name
from pipeline.io.manifests.reading import manifest_columns, manifest_rows, place_of
from pipeline.model.errors import ConfigError
from pipeline.model.manifest_mapping import CellText, ManifestMapping

_SLIDE_COLUMNS = ("slide", "uri", "path", "file")
"""That name the slide where the mapping says nothing, the first that is there."""
_SHOWN = 5


class SlideRow(NamedTuple):
    """A row that names a slide."""

    place: str
    """Manifest and line, for messages."""
    slide: str
    """As the row names it."""
    name: str
    """Empty: it is made of the path."""
    cells: dict[str, str]


@dataclass(slots=True)
class Findings:
    """What is wrong with rows: the first few, and how many there are."""

    first: list[str]
    count: int = 0

    def add(self, place: str, what: object) -> None:
        """Take down what is wrong at a place."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(f"{place}: {what}")

    def check(self) -> None:
        """Raise ConfigError when there are any."""
        if self.count:
            raise ConfigError("; ".join(self.first) + _more_than_shown(self.count))


def _more_than_shown(count: int) -> str:
    return f"; and {count - _SHOWN} more" if count > _SHOWN else ""


def shown(names: list[str]) -> str:
    """Return the first few of some names, and how many more there are."""
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def slide_rows(uri: str, mapping: ManifestMapping, findings: Findings) -> Iterator[SlideRow]:
    """Yield the rows that name a slide; what is wrong with others becomes findings. Raises as `manifest_rows` does."""
    slide = mapping.slide or _slide_column(uri)
    wanted = dict.fromkeys(slide.columns, "") | {c: f"{mapping.origin}:{line}" for c, line in mapping.lines.items()}
    for row in manifest_rows(uri, wanted):
        place = place_of(uri, row)
        written = slide.fill(row.cells)
        name = mapping.name.fill(row.cells) if mapping.name else ""
        try:
            if not written:
                raise ValueError(f"{_columns(slide)} is empty; each row names a slide")
            if mapping.name and not name:
                raise ValueError(f"{_columns(mapping.name)} is empty; the mapping file takes the slide's name from it")
            if name:
                check_folder_name(name)
        except ValueError as error:
            findings.add(place, error)
            continue
        yield SlideRow(place, written, name, row.cells)


def _slide_column(uri: str) -> CellText:
    columns = manifest_columns(uri)
    column = next((name for name in _SLIDE_COLUMNS if name in columns), None)
    if column is None:
        raise ConfigError(
            f"{uri} has no column {', '.join(_SLIDE_COLUMNS[:-1])} or {_SLIDE_COLUMNS[-1]}; `slide: COLUMN` in a "
            f"mapping file names one of {shown(list(columns))}"
        )
    return CellText(("", ""), (column,))


def _columns(text: CellText) -> str:
    return " or ".join(map(repr, text.columns))
