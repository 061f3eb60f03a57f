"""Settings of `[SECTION]` and `KEY = VALUE` lines, as MIRAX and Hamamatsu write beside their slides."""

import math
import re
from pathlib import Path

from pipeline.model.errors import SourceError

_LARGEST_FILE = 1 << 22


class Settings:
    """What a file says. Values that cannot be are refused by name."""

    def __init__(self, values: dict[tuple[str, str], str], name: str, uri: str) -> None:
        self._values = values
        self._name = name
        self._uri = uri

    def has(self, section: str, key: str) -> bool:
        """Whether there is a value."""
        return (section, key) in self._values

    def text(self, section: str, key: str) -> str:
        """Return a value. SourceError when there is none."""
        found = self._values.get((section, key))
        if found is None:
            raise self.refuse(f"it has no {key} in section {section!r}")
        return found

    def count(self, section: str, key: str, most: int, least: int = 0) -> int:
        """Return a whole number within limits. Raises SourceError."""
        text = self.text(section, key)
        number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else -1
        if not least <= number <= most:
            raise self.refuse(f"{key} is {text[:40]!r}, and can be {least} to {most}")
        return number

    def number(self, section: str, key: str) -> float:
        """Return a finite number. Raises SourceError."""
        text = self.text(section, key)
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.refuse(f"{key} is {text[:40]!r}, and no number")
        return number

    def refuse(self, what: str) -> SourceError:
        """Return the error that names the file."""
        return SourceError(f"{self._uri}: {self._name} is damaged: {what}", uri=self._uri)


def read_settings(path: Path, uri: str) -> Settings:
    """Read a file. Raises SourceError when it cannot be read, is too large, or names a value twice."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= _LARGEST_FILE else b""
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}", uri=uri) from error
    values: dict[tuple[str, str], str] = {}
    settings = Settings(values, path.name, uri)
    if size > _LARGEST_FILE:
        raise settings.refuse(f"it has {size} bytes")
    section = ""
    for line in data.decode("utf-8-sig", "replace").splitlines():
        header = re.match(r"\s*\[([^\]]*)\]", line)
        key, equals, value = line.partition("=")
        if header:
            section = header[1]
        elif equals and not line.lstrip().startswith("#"):
            place = (section, key.strip())
            if values.setdefault(place, value.strip()) != value.strip():
                raise settings.refuse(f"{place[1]} of section {section!r} has two values")
    return settings
