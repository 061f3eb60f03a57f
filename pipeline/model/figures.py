"""Figures as people read them."""


def bytes_text(count: float) -> str:
    """Return bytes in a unit of the SI: 1.22 GB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}" if unit != "B" else f"{count:.0f} B"
        count /= 1000
    return f"{count:.3g} TB"


def duration_text(seconds: float) -> str:
    """Return a time: 0.8 s, 42 s, 3 min 05 s, 2 h 07 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count_text(count: int, noun: str) -> str:
    """Return a number with its noun: 1 frame, 97,200 frames."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def share_text(share: float) -> str:
    """Return a share of 1 in percent: 99.2%. What is not all is never 100%, what is not nothing never 0%."""
    for digits in range(1, 7):
        percent = f"{share * 100:.{digits}f}".rstrip("0").rstrip(".")
        if share in (0, 1) or percent not in ("0", "100"):
            return f"{percent}%"
    return "almost 0%" if share < 0.5 else "almost 100%"
