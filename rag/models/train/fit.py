"""The training loop, on a budget of wall-clock time.

The learning rate falls to zero at the time the run must end, however many steps the machine's
other users leave it, so that the last weights are annealed ones.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rag.models.train.batches import batches, make_batch
from rag.models.train.checkpoint import Place, load_place, newest_checkpoint, save_checkpoint
from rag.models.train.encode import Encoded
from rag.models.train.reader import Reader, fresh_reader, load_reader, loss_of, save_reader

logger = logging.getLogger(__name__)

Probe = Callable[[Reader], tuple[float, Mapping[str, object]]]
"""Measures a reader on development items: one score, higher is better, and all figures."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run may use and how it goes."""

    until: float
    """When the last step must be over, in seconds since 1970."""
    tokens: int = 2048
    """In a batch, padding included."""
    encoder_rate: float = 2e-4
    head_rate: float = 6e-4
    warmup: float = 0.04
    """Share of the time in which the rate rises."""
    probe_every_s: float = 600.0
    save_every_s: float = 300.0
    seed: int = 0
    most_steps: int | None = None


def fit(base: Path, encoded: Encoded, work: Path, plan: Plan, probe: Probe) -> Place:
    """Train until the time is up; go on from the checkpoint in `work` if there is one.

    `work` gets `checkpoint/`, `best/` (the weights with the best score), `last/`, `STATUS`
    (where the run is) and `curve.jsonl` (one line a measurement).

    Raises:
        WeightsMissing: If `base` holds no encoder.
        LoadError: If the checkpoint is damaged.
    """
    found = newest_checkpoint(work / "checkpoint")
    reader = load_reader(found) if found else fresh_reader(base)
    optimiser = make_optimiser(reader, plan)
    place = load_place(found, reader, optimiser) if found else Place(started=time.time())
    run = _Run(reader, optimiser, plan, work, probe)
    order = batches(encoded, tokens=plan.tokens, seed=plan.seed)
    for _ in range(place.step):
        next(order)
    saved = probed = time.time()
    while not _over(place, plan):
        batch = make_batch(encoded, next(order))
        loss = run.step(place, batch)
        place = replace(place, step=place.step + 1, items=place.items + len(batch.ids))
        now = time.time()
        if place.step % 20 == 0:
            run.report(place, loss)
        if now - probed > plan.probe_every_s:
            place, probed = run.measure(place), time.time()
        if now - saved > plan.save_every_s:
            save_checkpoint(work / "checkpoint", reader, optimiser, place)
            saved = time.time()
    save_checkpoint(work / "checkpoint", reader, optimiser, place)
    save_reader(reader, work / "last")
    return run.measure(place)


def rate_at(share: float, warmup: float) -> float:
    """Return the learning rate after a share of the time, as a share of its peak.

    It rises over `warmup` and falls in a straight line to zero at 1.
    """
    if share < warmup:
        return share / warmup
    return max(0.0, (1 - share) / (1 - warmup))


def make_optimiser(reader: Reader, plan: Plan) -> Any:  # noqa: ANN401
    """Return AdamW over all but the word vectors, which stay as they are.

    Few of the words a user's documents hold occur in the training sets; moving those that do
    would tear them from their neighbours.
    """
    reader.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in reader.named_parameters():
        if parameter.requires_grad:
            rate = plan.encoder_rate if name.startswith("encoder.") else plan.head_rate
            groups.setdefault((rate, 0.01 if parameter.ndim > 1 else 0.0), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "peak": rate, "lr": 0.0, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ],
        betas=(0.9, 0.98),
    )


def _over(place: Place, plan: Plan) -> bool:
    return time.time() >= plan.until or (
        plan.most_steps is not None and place.step >= plan.most_steps
    )


@dataclass(slots=True)
class _Run:
    reader: Reader
    optimiser: Any
    plan: Plan
    work: Path
    probe: Probe
    loss: float = 0.0

    def step(self, place: Place, batch: Any) -> float:  # noqa: ANN401
        """Learn from one batch and return the running mean of the loss."""
        share = (time.time() - place.started) / max(1.0, self.plan.until - place.started)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * rate_at(share, self.plan.warmup)
        self.reader.train()
        with torch.autocast("cpu", torch.bfloat16):
            readings = self.reader(batch.ids, batch.mask, batch.types, batch.readable)
        loss = loss_of(readings, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.reader.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        value = float(loss.detach())
        self.loss = value if self.loss == 0.0 else 0.98 * self.loss + 0.02 * value
        return self.loss

    def report(self, place: Place, loss: float, **figures: object) -> None:
        """Write `STATUS`."""
        status = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "step": place.step,
            "items": place.items,
            "loss": round(loss, 4),
            "minutes": round((time.time() - place.started) / 60, 1),
            "minutes_left": round((self.plan.until - time.time()) / 60, 1),
            "best": place.best,
            **figures,
        }
        (self.work / "STATUS").write_text(json.dumps(status, indent=1), encoding="utf-8")

    def measure(self, place: Place) -> Place:
        """Measure, keep the weights if they are the best so far, and add to the curve."""
        self.reader.eval()
        score, figures = self.probe(self.reader)
        if score > place.best:
            save_reader(self.reader, self.work / "best")
            place = replace(place, best=score)
        self.report(place, self.loss, **figures)
        line = {"step": place.step, "items": place.items, "loss": self.loss, "score": score}
        with (self.work / "curve.jsonl").open("a", encoding="utf-8") as curve:
            curve.write(json.dumps(line | dict(figures)) + "\n")
        logger.info("step %d: %s", place.step, figures)
        return place
