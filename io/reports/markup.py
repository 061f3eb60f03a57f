"""HTML by construction: text becomes markup only through `element`, which escapes it."""

from html import escape

_VOID = frozenset(("meta", "rect", "br"))


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *content: str | None, **attributes: str | None) -> Markup:
    """Return an element: content that is no `Markup` is escaped, as is every attribute; None is left out.

    Attributes are written as Python has them: `class_` is `class`, `http_equiv` is `http-equiv`; one that is an empty
    text is written without a value.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    if name in _VOID:
        return Markup(f"<{name}{given}>" if name != "rect" else f"<{name}{given}/>")
    return Markup(f"<{name}{given}>{joined(*content)}</{name}>")


def joined(*content: str | None) -> Markup:
    """Return several pieces as one."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in content if part is not None))


def verbatim(name: str, text: str) -> Markup:
    """Return a `style` or `script` element, whose text a browser takes as it is."""
    return Markup(f"<{name}>{text}</{name}>")


def _attribute(key: str, value: str) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f' {name}="{escape(value)}"' if value else f" {name}"
