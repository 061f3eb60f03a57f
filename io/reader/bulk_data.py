"""Where bulk data of metadata are, on the server that a client talks to (PS3.18 8.7.3.5.2 and F.2.2).

Servers make the address from what they believe to be their own name. Behind a proxy, or where the client tells them a
name without its port as dicomweb-client does, nobody answers there. An address on the client's host and below its base
is therefore asked for where the client asks for all else.
"""

from urllib.parse import urljoin, urlsplit


def bulk_data_address(uri: str, base_url: str) -> str:
    """Return the address that a BulkDataURI means for a client with a base URL; what is of another host stays."""
    base = urlsplit(base_url)
    if base.scheme not in ("http", "https"):
        return uri
    found = urlsplit(urljoin(f"{base_url.rstrip('/')}/", uri))
    if found.hostname == base.hostname and found.path.startswith(f"{base.path.rstrip('/')}/"):
        found = found._replace(scheme=base.scheme, netloc=base.netloc)
    return found.geturl()
