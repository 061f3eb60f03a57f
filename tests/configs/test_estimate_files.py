"""Files of rates and prices: what they give, and what is wrong with them."""

from pathlib import Path

import pytest

from pipeline.configs.estimate_files import EXAMPLE_PRICES, load_prices, load_rates
from pipeline.model.errors import ConfigError
from pipeline.model.source import Compression
from pipeline.model.transfer_syntaxes import TransferSyntax

PRICES = {"currency": "EUR", "vcpu-hour": 1, "storage-gb-month": 2, "writes-10000": 3, "reads-10000": 4, "read-gb": 5}


def written(path: Path, values: dict[str, object]) -> str:
    """Write values as YAML and return the path."""
    path.write_text("".join(f"{name}: {value}\n" for name, value in values.items()))
    return str(path)


def test_the_shipped_rates_know_every_codec() -> None:
    rates = load_rates()
    assert set(rates.decode) == {compression.value for compression in Compression}
    offered = {syntax.option for syntax in TransferSyntax.offered()}
    assert set(rates.encode) == offered
    assert set(rates.encoded_size) == offered - {TransferSyntax.EXPLICIT_VR_LITTLE_ENDIAN.option}
    assert rates.jpeg_quality_size[90] == rates.j2k_quality_size[50] == 1


def test_a_file_of_rates_fills_up_with_the_shipped_ones(tmp_path: Path) -> None:
    path = written(tmp_path / "r.yaml", {"encode": "{htj2k-lossless: 7}", "slide-seconds": 0})
    rates, shipped = load_rates(path), load_rates()
    assert rates.encode == {**shipped.encode, "htj2k-lossless": 7}
    assert rates.slide_seconds == 0
    assert rates.decode == shipped.decode
    assert rates.source == path


def test_a_file_of_prices_is_taken_as_it_is(tmp_path: Path) -> None:
    prices = load_prices(written(tmp_path / "p.yaml", {**PRICES, "months": 12}))
    assert (prices.currency, prices.vcpu_hour, prices.read_gb, prices.months) == ("EUR", 1, 5, 12)


def test_the_example_of_prices_is_one() -> None:
    assert load_prices(str(EXAMPLE_PRICES)).vcpu_hour > 0
    assert "EXAMPLE" in EXAMPLE_PRICES.read_text()


@pytest.mark.parametrize("name", PRICES)
def test_a_price_that_is_left_out_is_named(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "p.yaml", {key: value for key, value in PRICES.items() if key != name})
    with pytest.raises(ConfigError, match=f"has no {name}"):
        load_prices(path)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"encodee": "{a: 1}"}, "did you mean encode"),
        ({"encode": 5}, "encode takes lines"),
        ({"copy": "fast"}, "copy takes a number"),
        ({"copy": -1}, "not negative"),
        ({"copy": 0}, "copy is 0"),
        ({"encode": "{htj2k-lossless: 0}"}, "encode of htj2k-lossless is 0"),
        ({"jpeg-quality-size": "{high: 1}"}, "jpeg-quality-size takes a number"),
    ],
)
def test_what_is_wrong_with_rates_is_told(values: dict[str, object], told: str, tmp_path: Path) -> None:
    path = written(tmp_path / "r.yaml", values)
    with pytest.raises(ConfigError, match=told) as caught:
        load_rates(path)
    assert path in caught.value.message


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [\n"])
def test_what_is_no_mapping_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=str(path)):
        load_rates(str(path))
    with pytest.raises(ConfigError, match=str(path)):
        load_prices(str(path))
