"""How servers are spoken to: the HTTP options of the command line, named as OrthancWSIDicomToTiff names them."""

import math
import os
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.model.errors import ConfigError

if TYPE_CHECKING:
    from requests.auth import HTTPBasicAuth

PASSWORD_VARIABLE = "SLIDEBEAM_HTTP_PASSWORD"  # noqa: S105  the name of a variable
"""Environment variable of the password: what is typed after an option, every user of the machine can see."""
TIMEOUT = 300.0
"""Seconds. Orthanc reads a whole instance before its first byte comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Options of a connection. Raises ConfigError for those that contradict each other."""

    username: str = ""
    """Empty: no authentication, unless ~/.netrc has one for the server."""
    password: str = field(default="", repr=False)
    """Empty: that of the environment variable."""
    proxy: str = ""
    """URL; empty: those of the environment (HTTP_PROXY and the like)."""
    timeout: float = TIMEOUT
    """Seconds without a byte until a server counts as gone; 0: wait for ever."""
    verify_peers: bool = True
    """Whether the certificate of an HTTPS server must be valid."""
    ca_certificates: str = ""
    """Path of a file of certificates (PEM) that servers are checked with; empty: those that requests brings along."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.timeout) and self.timeout >= 0):
            raise ConfigError(f"--timeout is {self.timeout:g}; a number of seconds is wanted, 0 for no limit")
        if self.ca_certificates:
            _check_certificates(self.ca_certificates)
        if self.password and not self.username:
            raise ConfigError("--password is given without --username; give both")
        if self.proxy and "://" not in self.proxy:
            raise ConfigError(f"--proxy {self.proxy}: a URL is wanted, such as http://proxy.example:3128")

    @property
    def authentication(self) -> "HTTPBasicAuth | None":
        """HTTP basic authentication (RFC 7617) in UTF-8; None: there is none."""
        from requests.auth import HTTPBasicAuth  # not before: `--help` needs no HTTP

        if not self.username:
            return None
        password = self.password or os.environ.get(PASSWORD_VARIABLE, "")
        return HTTPBasicAuth(self.username.encode(), password.encode())


def _check_certificates(path: str) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # SSLError is one
        cause = error.strerror or str(error)
        raise ConfigError(f"--ca-certificates {path} cannot be used ({cause}); a file of PEM is wanted") from error
