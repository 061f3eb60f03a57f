"""Options of series that live on servers, under the names and with the meanings of OrthancWSIDicomToTiff."""

import argparse

from pipeline.io.dicomweb.http_options import PASSWORD_VARIABLE, TIMEOUT, HttpOptions

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser of a command."""
    add = parser.add_argument
    add(
        "--orthanc",
        default="",
        metavar="URL",
        help="REST API of the Orthanc that holds the series of this id; default: http://localhost:8042/",
    )
    add("--username", default="", metavar="NAME", help="of the server that a series is fetched from")
    add("--password", default="", metavar="WORD", help=f"others see what is typed here; default: ${PASSWORD_VARIABLE}")
    add("--proxy", default="", metavar="URL", help="HTTP proxy to fetch through")
    add(
        "--timeout",
        type=float,
        default=TIMEOUT,
        metavar="SECONDS",
        help=f"of silence, until a server counts as gone; 0: never; default: {TIMEOUT:g}",
    )
    add(
        "--verify-peers",
        choices=(*_YES, *_NO),
        default="1",
        metavar="0|1",
        help="0: take any certificate of an https server",
    )
    add(
        "--ca-certificates",
        default="",
        metavar="PATH",
        help="PEM file of certificates to check servers with",
    )


def server_options(arguments: argparse.Namespace) -> HttpOptions:
    """Return what was typed. Raises ConfigError for options that contradict each other."""
    return HttpOptions(
        username=arguments.username,
        password=arguments.password,
        proxy=arguments.proxy,
        timeout=arguments.timeout,
        verify_peers=arguments.verify_peers in _YES,
        ca_certificates=arguments.ca_certificates,
    )
