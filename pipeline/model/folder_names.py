"""What can be a slide's name: a relative path of plain components, since it becomes a folder of the output."""

_NOT_PLAIN = ("", ".", "..")


def folder_name_fault(name: str) -> str:
    """Return what is wrong with a slide's name; empty if nothing is. Nothing of it may lead out of the output."""
    if any(part.strip() in _NOT_PLAIN for part in name.split("/")) or "\\" in name:
        return f"{name!r} is no name of a folder in the output; it is one or more names with / between them"
    return "" if name.isprintable() else f"{name!r} has characters that are no text"
