"""How much one file may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a stranger's file may take before it is refused."""

    max_file_mb: int = 200
    parse_seconds: int = 60
    parse_memory_mb: int = 2048
    unpacked_mb: int = 512
    ocr: bool = True
    """Whether pages and images without text are read by OCR, if it is installed."""
