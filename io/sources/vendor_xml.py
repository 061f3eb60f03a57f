"""XML that scanners write into tags: parsed with the suspicion that a file from anywhere deserves.

Document type declarations are refused: no scanner writes one, and entities are how a small document grows large or
reads other files. Namespaces are dropped from names, since vendors change theirs with each version of a format.
"""

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from pipeline.model.errors import SourceError

_LARGEST_INTEGER = 1 << 53
_LONGEST_VALUE = 4096
"""Characters of a text beyond which it is an embedded image and no property."""


def parse_document(text: str | bytes, uri: str, what: str) -> Element:
    """Return the root of a document, names without namespaces. SourceError when it is damaged or has a DTD."""
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        decoded = decoded.strip("\0\ufeff \r\n\t")
        if "<!DOCTYPE" in decoded or "<!ENTITY" in decoded:
            raise SourceError(f"{uri}: its {what} declares a document type, which no scanner writes", uri=uri)
        root = ElementTree.fromstring(decoded)  # noqa: S314 - what expands or reads files is a DTD, refused above
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise SourceError(f"{uri}: its {what} is no readable XML ({error}); fetch the file again", uri=uri) from error
    for element in root.iter():
        element.tag = local_name(element.tag)
    return root


def local_name(tag: str) -> str:
    """Return a name without its namespace."""
    return tag.rpartition("}")[2]


def text_at(element: Element, path: str) -> str:
    """Return the text at a path of names below an element, without the spaces around it; empty when there is none."""
    return (element.findtext(path) or "").strip()


def integer(element: Element, name: str, uri: str, default: int | None = None) -> int:
    """Return an attribute that is a whole number.

    Raises
    ------
    SourceError
        It is no number, or beyond 2^53, or it is missing and there is no default.

    """
    text = element.get(name)
    if text is None and default is not None:
        return default
    try:
        number = int(text or "")
    except ValueError:
        number = _LARGEST_INTEGER + 1
    if abs(number) > _LARGEST_INTEGER:
        shown = "nothing" if text is None else repr(text[:40])
        raise SourceError(f"{uri}: {name} of a {element.tag} is no whole number but {shown}", uri=uri)
    return number


def document_properties(root: Element, prefix: str) -> tuple[tuple[str, str], ...]:
    """Return all attributes and texts of a document, as (`prefix.element.element.attribute`, value), in its order."""
    return tuple((name, value[:_LONGEST_VALUE]) for name, value in _properties(root, prefix) if value)


def _properties(root: Element, prefix: str) -> Iterator[tuple[str, str]]:
    # A stack of our own: a hostile document nests deeper than Python may call.
    stack = [(root, f"{prefix}.{root.tag}")]
    while stack:
        element, path = stack.pop()
        for name, value in element.attrib.items():
            yield f"{path}.{local_name(name)}", value.strip()
        yield path, (element.text or "").strip()
        stack.extend((child, f"{path}.{child.tag}") for child in reversed(element))
