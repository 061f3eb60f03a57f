"""The real Orthanc of Debian as a server for tests, with its DICOMweb and whole-slide plugins.

It runs on free ports of the loopback, with a configuration and a storage of its own in a temporary folder.
"""

import json
import os
import shutil
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.emulators import free_port, served
from tests.tools import require_tool

PLUGINS = Path("/usr/share/orthanc/plugins")
"""Where Debian's packages orthanc-dicomweb and orthanc-wsi put their libraries."""
_SECONDS = 60


def require_orthanc() -> Path:
    """Return the path of Orthanc; without it or its plugins skip the test, or fail it where `CI` is set."""
    program = require_tool(shutil.which("Orthanc") or "/usr/sbin/Orthanc", "orthanc")  # not on all users' PATH
    for library, package in (("libOrthancDicomWeb.so", "orthanc-dicomweb"), ("libOrthancWSI.so", "orthanc-wsi")):
        if not (PLUGINS / library).is_file():
            message = f"{PLUGINS / library} is not there; it comes with the system package {package}"
            if os.environ.get("CI"):
                pytest.fail(f"{message}, which CI must install", pytrace=False)
            pytest.skip(message)
    return program


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthanc:
    """A running server."""

    url: str
    """Of the REST API, with a slash at its end."""
    username: str = ""
    password: str = ""

    @property
    def dicomweb(self) -> str:
        """URL of the DICOMweb services, without a slash at its end."""
        return f"{self.url}dicom-web"

    def upload(self, files: Iterable[Path]) -> str:
        """Store DICOM files and return Orthanc's id of their series; that of the last one where they are of several."""
        series = ""
        for path in files:
            answer = self._asked("instances", path.read_bytes())
            series = self._asked(f"instances/{answer['ID']}/series")["ID"]
        return series

    def delete(self, series: str) -> None:
        """Remove a series by Orthanc's id of it."""
        self._asked(f"series/{series}", method="DELETE")

    def _asked(self, path: str, data: bytes | None = None, method: str | None = None) -> Any:
        request = urllib.request.Request(self.url + path, data, method=method)  # noqa: S310  our own server
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *self._authentication())
        with opener.open(request, timeout=_SECONDS) as answer:
            return json.load(answer)

    def _authentication(self) -> list[urllib.request.BaseHandler]:
        if not self.username:
            return []
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        passwords.add_password(None, self.url, self.username, self.password, is_authenticated=True)
        return [urllib.request.HTTPBasicAuthHandler(passwords)]


@contextmanager
def running_orthanc(
    program: Path, folder: Path, *, users: Mapping[str, str] | None = None, more: Mapping[str, Any] | None = None
) -> Iterator[Orthanc]:
    """Run Orthanc until the block ends, with its files in a folder; `users` are passwords by name, `more` its settings.

    Nobody else can reach it: it listens on the loopback only.
    """
    port = free_port()
    settings = {
        "Name": "slidebeam tests",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": port,
        "HttpServerEnabled": True,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": bool(users),
        "RegisteredUsers": dict(users or {}),
        "Plugins": [str(PLUGINS / "libOrthancDicomWeb.so"), str(PLUGINS / "libOrthancWSI.so")],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "HttpsVerifyPeers": True,
        **(more or {}),
    }
    (folder / "storage").mkdir(parents=True)
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(settings))
    url = f"http://127.0.0.1:{port}/"
    name, password = next(iter((users or {}).items()), ("", ""))
    with served([str(program), str(configuration)], f"{url}system"):
        yield Orthanc(url=url, username=name, password=password)
