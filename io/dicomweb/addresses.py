"""What names a series on a server.

    dicomweb+https://host/dicom-web/studies/<UID>/series/<UID>     DICOMweb; plain http:// and https:// of this form too
    aef2c405-56643859-ec1a9736-df219cca-5c89f46e                   Orthanc's id, with the URL of the server beside it

An address is checked before anything is asked of a server, and no server's word becomes part of one unchecked: an
identifier with a slash in it would lead elsewhere.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from pipeline.model.errors import ConfigError

ORTHANC_URL = "http://localhost:8042/"
"""Where Orthanc is unless something else is said."""
_ORTHANC_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{8}){4}")
_UID = re.compile(r"(?=.{1,64}\Z)[0-9]+(\.[0-9]+)*")
_SERIES = re.compile(r"(?P<service>.*)/studies/(?P<study>[^/]+)/series/(?P<series>[^/]+)/?")
_SCHEMES = ("http://", "https://", "dicomweb+http://", "dicomweb+https://")


@dataclass(frozen=True, slots=True)
class DicomwebSeries:
    """A series of a DICOMweb service."""

    service: str
    """URL, without a slash at its end."""
    study: str
    """Study Instance UID."""
    series: str
    """Series Instance UID."""

    def __str__(self) -> str:
        return f"{self.service}/studies/{self.study}/series/{self.series}"


@dataclass(frozen=True, slots=True)
class OrthancSeries:
    """A series of an Orthanc server, by Orthanc's own id."""

    server: str
    """URL of its REST API, with a slash at its end."""
    series: str

    def __str__(self) -> str:
        return f"{self.server}series/{self.series}"


RemoteSeries: TypeAlias = DicomwebSeries | OrthancSeries


def is_remote(text: str) -> bool:
    """Whether a text names a series on a server all by itself, as a URL does."""
    return text.lower().startswith(_SCHEMES)


def is_orthanc_id(text: str) -> bool:
    """Whether a text has the form of Orthanc's ids: 40 hexadecimal digits in groups of 8."""
    return _ORTHANC_ID.fullmatch(text) is not None


def is_uid(text: str) -> bool:
    """Whether a text has the form of a UID (PS3.5 9.1); zeros that should not be there are forgiven."""
    return _UID.fullmatch(text) is not None


def dicomweb_series(address: str) -> DicomwebSeries:
    """Return the series that a URL names. Raises ConfigError, which does not repeat a password."""
    url = checked_url(address.removeprefix("dicomweb+"), address)
    found = _SERIES.fullmatch(url)
    if found is None:
        raise ConfigError(f"{address} names no series; the form is https://HOST/dicom-web/studies/UID/series/UID")
    for uid in (found["study"], found["series"]):
        if not is_uid(uid):
            raise ConfigError(f"{address}: {uid!r} is no UID (digits and dots, 64 at most)")
    return DicomwebSeries(found["service"], found["study"], found["series"])


def orthanc_series(series: str, server: str = ORTHANC_URL) -> OrthancSeries:
    """Return the series with an id on a server. Raises ConfigError, which does not repeat a password."""
    url = checked_url(server, f"--orthanc {server}").rstrip("/") + "/"
    if not is_orthanc_id(series):
        raise ConfigError(
            f"Unknown resource: {series!r} is no id of Orthanc's (40 hexadecimal digits in 5 groups, as its pages show)"
        )
    return OrthancSeries(url, series)


def checked_url(url: str, shown: str) -> str:
    """Return an http or https URL as it is; `shown` is how messages name it, unless it has a password in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ConfigError(f"{shown} is no URL: {error}") from error
    if "@" in parts.netloc:
        raise ConfigError(f"the URL of {parts.hostname} has a user in it; give --username and --password instead")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{shown} is no URL of a server; it begins with http:// or https://")
    if parts.query or parts.fragment:
        raise ConfigError(f"{shown}: a URL without ? and # is wanted")
    return url
