"""Figures under wsi-dicom's names."""

from pipeline.io.reports.metrics import WSI_DICOM_KEYS, instance_metrics, total_metrics
from pipeline.model.reasons import Reason, Route
from pipeline.model.records import RunCounters
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.dicom.plans import gray_plan, instance_plan
from tests.io.reports.outcomes import encoded_label, mixed_level, written


def test_all_keys_of_wsi_dicom_are_there_once() -> None:
    assert len(WSI_DICOM_KEYS) == len(set(WSI_DICOM_KEYS)) == 44
    assert set(WSI_DICOM_KEYS) < set(total_metrics([]))


def test_a_jpeg_level_of_which_some_tiles_do_not_pass() -> None:
    metrics = instance_metrics(*mixed_level())
    assert {key: value for key, value in metrics.items() if value and key in WSI_DICOM_KEYS} == {
        "total_frames": 9,
        "cpu_input_frames": 3,
        "cpu_fallback_frames": 3,
        "rgb_like_frames": 9,
        "bits8_frames": 9,
        "jpeg_passthrough_frames": 6,
        "jpeg_cpu_encode_frames": 3,
        "jpeg_decode_fallback_frames": 2,
        "input_decode_micros": 20,
        "encode_micros": 30,
        "validation_micros": 4,
        "write_micros": 8,
    }
    assert (metrics["read_micros"], metrics["bytes_in"], metrics["bytes_out"]) == (3, 900, 860)
    assert (metrics["encoded_frames"], metrics["validated_frames"], metrics["psnr_db"]) == (3, 3, 41.0)
    assert metrics["frames_by_route"] == dict.fromkeys(Route, 0) | {"passthrough": 6, "encode": 2, "background": 1}
    assert metrics["frames_by_reason"] == {
        reason.value: {"frames": 1, "citation": reason.citation}
        for reason in (Reason.MISSING_TILE, Reason.JPEG_MALFORMED, Reason.JPEG_NOT_BASELINE)
    }


def test_a_reason_that_all_frames_share_is_the_plans() -> None:
    metrics = instance_metrics(*encoded_label())
    assert metrics["frames_by_reason"] == {"untiled": {"frames": 1, "citation": Reason.UNTILED.citation}}
    assert metrics["jpeg_decode_fallback_frames"] == metrics["j2k_passthrough_frames"] == 0


def test_passing_jpeg_2000_and_native_gray() -> None:
    plan = instance_plan(transfer_syntax=TransferSyntax.JPEG_2000)
    metrics = instance_metrics(plan, written(plan, (0, 9, RunCounters(routes={Route.PASSTHROUGH: 9}))))
    assert (metrics["j2k_passthrough_frames"], metrics["jpeg_passthrough_frames"]) == (9, 0)
    gray = gray_plan(bits=16, reason=Reason.SYNTAX_REQUESTED)
    metrics = instance_metrics(gray, written(gray, (0, 9, RunCounters(routes={Route.ENCODE: 9}))))
    assert (metrics["gray_frames"], metrics["bits16_frames"], metrics["rgb_like_frames"]) == (9, 9, 0)
    assert (metrics["j2k_passthrough_frames"], metrics["jpeg_cpu_encode_frames"], metrics["encoded_frames"]) == (
        0,
        0,
        9,
    )


def test_totals_add_up_and_keep_the_least_psnr() -> None:
    parts = [instance_metrics(*mixed_level()), instance_metrics(*encoded_label()), instance_metrics(*mixed_level())]
    total = total_metrics(parts)
    assert total["total_frames"] == 19
    assert total["total_frames"] == total["jpeg_passthrough_frames"] + total["cpu_fallback_frames"]
    assert total["frames_by_route"] == dict.fromkeys(Route, 0) | {"passthrough": 12, "encode": 5, "background": 2}
    assert {reason: row["frames"] for reason, row in total["frames_by_reason"].items()} == {
        "missing-tile": 2,
        "jpeg-malformed": 2,
        "jpeg-not-baseline": 2,
        "untiled": 1,
    }
    assert total["psnr_db"] == 41.0
    assert parts[0]["frames_by_reason"]["missing-tile"]["frames"] == 1
