"""How long it takes and how much memory it needs."""

import resource
import sys
from collections.abc import Mapping, Sequence

from rag.evaluate.bootstrap import Figure, once, percentile
from rag.evaluate.index import Built
from rag.evaluate.record import Record

_STEPS = {"retrieve": "retrieve", "evidence": "evidence", "verify": "verify", "answer": "total"}


def speed(records: Sequence[Record], built: Built | None) -> dict[str, Figure]:
    """Return seconds of the ingest, milliseconds of each step, and peak memory in MB.

    Records of an earlier run keep the times of that run.
    """
    told = [record.told for record in records if record.told is not None]
    first = [one.first_token_ms for one in told if one.first_token_ms is not None]
    times: dict[str, Sequence[float]] = {
        name: [one.timings_ms[step] for one in told if step in one.timings_ms]
        for name, step in _STEPS.items()
    }
    if not told:
        times["retrieve"] = [record.retrieve_ms for record in records]
    return {
        **_ingest(built),
        **_percentiles({**times, "first_token": first}),
        "speed.peak_rss_mb": once(peak_rss_mb()),
    }


def peak_rss_mb() -> float:
    """Return the most memory this process held at once, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6, 1)


def _ingest(built: Built | None) -> dict[str, Figure]:
    rate = built.chunks / max(built.seconds, 0.01) if built else None
    return {
        "speed.ingest_seconds": once(built.seconds if built else None),
        "speed.chunks_per_second": once(rate),
    }


def _percentiles(times: Mapping[str, Sequence[float]]) -> dict[str, Figure]:
    return {
        f"speed.{name}_p{share}_ms": percentile(values, share)
        for name, values in times.items()
        for share in (50, 95)
    }
