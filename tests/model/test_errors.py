"""Errors are ours and the builtin that a caller expects; they keep what they know on their way between processes."""

import copy
import pickle

import pytest

from pipeline.model import errors
from pipeline.model.errors import (
    CodecError,
    ConfigError,
    DecoderCrash,
    DecoderTimeout,
    Incomplete,
    MetadataMissing,
    OutputExists,
    SlidebeamError,
    SourceError,
    StorageError,
    TileError,
)

BUILTINS = {
    ConfigError: ValueError,
    MetadataMissing: ValueError,
    SourceError: OSError,
    TileError: ValueError,
    CodecError: ValueError,
    DecoderCrash: ChildProcessError,
    DecoderTimeout: TimeoutError,
    StorageError: OSError,
    Incomplete: TimeoutError,
    OutputExists: FileExistsError,
}
KINDS = sorted(BUILTINS, key=lambda kind: kind.__name__)


def test_the_tree_is_complete() -> None:
    found = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, SlidebeamError) and value is not SlidebeamError
    }
    assert found == set(BUILTINS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_a_builtin_too(kind: type[SlidebeamError]) -> None:
    with pytest.raises(BUILTINS[kind], match="it broke"):
        raise kind("it broke")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_a_pickle(kind: type[SlidebeamError], protocol: int) -> None:
    error = kind("slide.svs: level 2, tile 17: it broke", uri="slide.svs")
    error.level, error.frame = 2, 17
    for twin in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error)):  # noqa: S301
        assert type(twin) is kind
        assert str(twin) == twin.message == error.message
        assert (twin.uri, twin.level, twin.frame) == ("slide.svs", 2, 17)


def test_an_error_says_where() -> None:
    error = TileError("bad tile", uri="a.svs", level=1, frame=0)
    assert (error.uri, error.level, error.frame) == ("a.svs", 1, 0)
    nowhere = SourceError("bad slide")
    assert (nowhere.uri, nowhere.level, nowhere.frame) == ("", None, None)


@pytest.mark.parametrize("text", ["RGB\r\n", "a\nb", "\x1b[2J", "\x85", "\u2028", "\0"])
def test_text_of_a_file_neither_ends_the_line_nor_steers_the_terminal(text: str) -> None:
    message = str(SourceError(f"a.svs: {text} is not read"))
    assert message.isprintable()
    assert len(message.splitlines()) == 1
    assert message.startswith("a.svs: ")
    assert message.endswith(" is not read")
