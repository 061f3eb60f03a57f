"""Figures of a conversion under wsi-dicom's names, and those that it has no name for.

A frame passes through, or it is made on the CPU (`cpu_input_frames` and `cpu_fallback_frames`; background frames are
among them): `total_frames` is the sum of the passing ones and the others, as in wsi-dicom. What concerns a device is
0, because frames are encoded on the CPU. Times are microseconds summed over threads, sizes are bytes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.io.reports.routes import count_routes
from pipeline.model.plan import InstancePlan
from pipeline.model.reasons import Reason, Route
from pipeline.model.records import WrittenInstance
from pipeline.model.transfer_syntaxes import TransferSyntax

WSI_DICOM_KEYS = (
    "total_frames",
    "cpu_input_frames",
    "gpu_input_decode_frames",
    "gpu_encode_frames",
    "gpu_validation_frames",
    "gray_frames",
    "rgb_like_frames",
    "other_component_frames",
    "unknown_pixel_profile_frames",
    "bits8_frames",
    "bits16_frames",
    "other_bit_depth_frames",
    "gpu_transcode_frames",
    "resident_gpu_transcode_frames",
    "partial_gpu_transcode_frames",
    "gpu_input_decode_batches",
    "gpu_compose_batches",
    "gpu_encode_batches",
    "auto_route_probe_frames",
    "auto_route_probe_gpu_batches",
    "auto_route_probe_cpu_micros",
    "auto_route_probe_gpu_micros",
    "auto_route_probe_selected_gpu_input_frames",
    "cpu_fallback_frames",
    "jpeg_passthrough_frames",
    "j2k_passthrough_frames",
    "jpeg_cpu_encode_frames",
    "jpeg_metal_encode_frames",
    "jpeg_decode_fallback_frames",
    "input_decode_micros",
    "compose_micros",
    "encode_micros",
    "validation_micros",
    "gpu_dispatch_micros",
    "gpu_encode_configured_inflight_tiles",
    "gpu_encode_effective_inflight_tiles",
    "gpu_encode_max_observed_inflight_tiles",
    "gpu_encode_configured_memory_mib",
    "gpu_encode_effective_memory_mib",
    "gpu_encode_wall_micros",
    "gpu_encode_effective_parallelism",
    "gpu_encode_hardware_micros",
    "gpu_encode_dispatch_overhead_micros",
    "write_micros",
)
"""The keys of wsi-dicom 0.2.0, in its order."""
_OWN_KEYS = (
    "encoded_frames",
    "validated_frames",
    "read_micros",
    "bytes_in",
    "bytes_out",
    "jpeg_bytes",
    "recompressed_bytes",
)
"""The last two are those of recompressed frames: what they would take as JPEG, and what they take."""
_COUNTERS = {
    "input_decode_micros": "decode_micros",
    "encode_micros": "encode_micros",
    "validation_micros": "validation_micros",
    "write_micros": "write_micros",
    "read_micros": "read_micros",
    "validated_frames": "validated_frames",
    "bytes_in": "bytes_in",
    "bytes_out": "bytes_out",
    "jpeg_bytes": "jpeg_bytes",
    "recompressed_bytes": "recompressed_bytes",
}
"""Key of the figures: field of `RunCounters`."""


def instance_metrics(plan: InstancePlan, written: WrittenInstance) -> dict[str, Any]:
    """Return the figures of one instance."""
    routes = count_routes([(plan, written)])
    passing = sum(frames for (route, _), frames in routes.items() if route.keeps_tiles)
    made = sum(routes.values()) - passing
    metrics = _nothing()
    metrics["total_frames"] = written.frames
    metrics[_COMPONENTS.get(plan.samples, "other_component_frames")] = written.frames
    metrics[_DEPTHS.get(plan.bits, "other_bit_depth_frames")] = written.frames
    metrics["cpu_input_frames"] = metrics["cpu_fallback_frames"] = metrics["encoded_frames"] = made
    if plan.transfer_syntax is TransferSyntax.JPEG_BASELINE:
        metrics["jpeg_passthrough_frames"] = passing
        metrics["jpeg_cpu_encode_frames"] = made
        if plan.route.keeps_tiles:
            metrics["jpeg_decode_fallback_frames"] = made - routes[Route.BACKGROUND, Reason.MISSING_TILE]
    elif plan.transfer_syntax.is_jpeg_2000_family:
        metrics["j2k_passthrough_frames"] = passing
    for _, _, counters in written.runs:
        for key, field in _COUNTERS.items():
            metrics[key] += getattr(counters, field)
        metrics["psnr_db"] = _least(metrics["psnr_db"], counters.psnr_db)
    for (route, reason), frames in sorted(routes.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        metrics["frames_by_route"][route.value] += frames
        if reason is not None:
            metrics["frames_by_reason"][reason.value] = {"frames": frames, "citation": reason.citation}
    return metrics


def total_metrics(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up the figures of instances; `psnr_db` is their least."""
    total = _nothing()
    for part in parts:
        for key in (*WSI_DICOM_KEYS, *_OWN_KEYS):
            total[key] += part[key]
        total["psnr_db"] = _least(total["psnr_db"], part["psnr_db"])
        for route, frames in part["frames_by_route"].items():
            total["frames_by_route"][route] += frames
        for reason, row in part["frames_by_reason"].items():
            so_far = total["frames_by_reason"].get(reason, {"frames": 0})
            total["frames_by_reason"][reason] = {**row, "frames": so_far["frames"] + row["frames"]}
    return total


_COMPONENTS = {1: "gray_frames", 3: "rgb_like_frames"}
_DEPTHS = {8: "bits8_frames", 16: "bits16_frames"}


def _nothing() -> dict[str, Any]:
    """All keys: counts 0, `psnr_db` (dB, least of all validated lossy frames) not known."""
    return {
        **dict.fromkeys((*WSI_DICOM_KEYS, *_OWN_KEYS), 0),
        "psnr_db": None,
        "frames_by_route": {route.value: 0 for route in Route},
        "frames_by_reason": {},
    }


def _least(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else min(one, other)
