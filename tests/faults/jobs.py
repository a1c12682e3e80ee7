"""What is done to an index inside a process that may be killed or refused at any moment.

Each job gets `ack`, which tells the parent at once what has been promised, and the folder of
an index. Models are the deterministic stand-ins; parsing happens in this process, so that
nothing but the index is tested.
"""

import os
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np

from indexes.making.rebuild import Parts, rebuild
from indexes.recipe import read_recipe
from rag import doctor
from rag.corpus.load import FileLoader
from rag.custody.bundle import export_index
from rag.custody.forget import forget, resume
from rag.custody.restore import import_index
from rag.custody.targets import Wanted, chosen
from rag.errors import RagError
from rag.index.build import live_build, publish
from rag.index.journal import publications, runs
from rag.index.layout import IndexFolder
from rag.index.ledger import Ledger
from rag.index.pruning import prune
from rag.index.reading import open_reader
from rag.index.snapshot import open_snapshot
from rag.ingest import Ingester
from rag.pipeline import Pipeline, Policy
from rag.reports import FileReport, FileStatus
from rag.settings import Settings
from rag.testing import HashingEmbedder, SubstringVerifier
from rag.types import Document, DocumentId, Filter, revision_of
from tests.faults import rivals
from tests.faults.room import fill
from tests.faults.shim import Shim
from tests.index.material import Lines

EMBEDDER = HashingEmbedder()
MARK = {"embedder_name": EMBEDDER.name, "fingerprint": EMBEDDER.fingerprint, "dim": EMBEDDER.dim}


class TextLoader(FileLoader):
    """Reads plain text in this process instead of asking a worker."""

    def _parsed(self, found, data):
        text, source = data.decode(), found.source
        document = Document(
            DocumentId("loader's"), revision_of("Notes", text, {}), text, source, "Notes", {}
        )
        return (document,), FileReport(source, FileStatus.ACCEPTED, "text")


def ingester(index):
    """Return an ingester of the index folder."""
    return Ingester(IndexFolder(Path(index)), TextLoader(workers=1), Lines(), EMBEDDER)


def _acknowledging(ack):
    """Return a progress that acknowledges what is on the disk by the time it is told."""

    def progress(stage, done, total, note):
        if stage == "embed":
            ack(stage, done, total - done)
        elif stage in {"read", "publish"}:
            ack(stage, note)

    return progress


def ingest(ack, index, corpus):
    """Read the corpus into the index; acknowledges files, vectors and the build."""

    with ingester(index) as parts:
        report = parts.ingest([Path(corpus)], _acknowledging(ack), prune_gone=True)
    return {"build": report.build, "embedded": report.embedded}


def rebuild_index(ack, index, recipe, due=""):
    """Bring the index up to the recipe, gate included; acknowledges as `ingest` does."""
    folder = IndexFolder(Path(index))

    def opened(settings, build, like):
        policy = Policy(relevance_floor=0.05)
        snapshot = open_snapshot(folder, **MARK, build=build)
        return Pipeline(snapshot, EMBEDDER, SubstringVerifier(), policy=policy)

    report = rebuild(
        read_recipe(Path(recipe)),
        Settings(),
        progress=_acknowledging(ack),
        why="schedule" if due else "person",
        due=due,
        parts=Parts(lambda _: ingester(index), opened),
    )
    ack("rebuilt", report.build)
    return {"build": report.build, "embedded": report.embedded, "outcome": report.outcome}


def race_schedulers_of(ack, index, races, recipe):
    """Let two processes run the same occurrence of a recipe, again and again."""

    def run(index, due):
        return rebuild_index(lambda *_: None, index, recipe, due=due)

    return rivals.race_schedulers(ack, index, races, run)


def kill_holder_of(ack, index, corpus):
    """Kill whoever holds the index, then ingest."""
    return rivals.kill_holder(ack, index, _updater(corpus))


def pause_holder_of(ack, index, corpus, stage):
    """Pause an ingest at `stage` and let another take over."""
    return rivals.pause_holder(ack, index, _updater(corpus), stage)


def _updater(corpus):
    def update(index, progress=lambda *_: None):
        with ingester(index) as parts:
            return parts.ingest([Path(corpus)], progress, prune_gone=True).build

    return update


def history(ack, index):
    """Return the runs that the ledger records, oldest first."""
    del ack
    recorded = runs(IndexFolder(Path(index)), most=100_000)[::-1]
    return {"numbers": [r.number for r in recorded], "dues": [r.due for r in recorded if r.due]}


def publish_build(ack, index, build):
    """Make `build` the live one."""
    publish(IndexFolder(Path(index)), build)
    ack("publish", build)


def prune_builds(ack, index, keep):
    """Delete all builds but `keep`."""
    ack("pruned", prune(IndexFolder(Path(index)), keep=keep))


def remove(ack, index, sources):
    """Forget sources."""
    with ingester(index) as parts:
        left = parts.remove(sources, lambda *_: None)
    ack("removed", sources)
    return left


def forget_sources(ack, index, sources):
    """Forget sources for good, or finish forgetting them; the index is its own data folder."""
    folder = IndexFolder(Path(index))
    done = resume(folder, folder.root)
    if done is None:
        with Ledger.open(folder) as ledger:
            known = {row.source for row in ledger.sources()}
            rows = chosen(ledger, Wanted(names=sources)) if known & set(sources) else []
        done = forget(folder, folder.root, rows) if rows else None
    ack("removed", sources)
    return None if done is None else done.to_dict()


def export_to(ack, index, path):
    """Write the index as one file."""
    ack("exported", str(export_index(IndexFolder(Path(index)), Path(path)).path))


def import_from(ack, index, path):
    """Make another index, beside this one, of an exported file."""
    import_index(Path(path), Path(index).parent / "imported", "copy")
    ack("imported", path)


def look(ack, index):
    """Return all an index holds, by its live build and by its ledger, and what lies about."""
    del ack
    folder = IndexFolder(Path(index))
    begin = time.perf_counter()
    with closing(open_snapshot(folder, **MARK)) as snapshot:
        served = _timed(snapshot, begin)
    return {
        "served": served,
        "ledger": _kept(folder),
        "lying": lying(folder),
        "runs": [run.outcome for run in runs(folder)],
        "published": [entry.build for entry in publications(folder)],
        "amiss": [build for build in folder.build_ids() if not _sound(folder, build)],
    }


def _sound(folder, build):
    """Return what the doctor says of a build."""
    return doctor._try(build, lambda: doctor._whole(folder, build)).ok


def look_while_full(ack, index, disk):
    """Open a snapshot, fill the disk, read everything; then open another beside it."""
    folder = IndexFolder(Path(index))
    with closing(open_snapshot(folder, **MARK)) as early:
        ballast = fill(Path(disk), 0)
        try:
            ack("look", _timed(early))
            with closing(open_snapshot(folder, **MARK)) as late:
                ack("look", _timed(late))
        finally:
            ballast.unlink()


def look_piecewise(ack, index):
    """Return every text that can be had of an index, each asked for on its own."""
    del ack
    folder = IndexFolder(Path(index))
    snapshot = open_snapshot(folder, **MARK)
    texts, lines, errors, untyped = [], [], Counter(), []

    def ask(wanted, kept):
        try:
            kept.append(wanted().text)
        except RagError as error:
            errors[type(error).__name__] += 1
        except Exception:  # noqa: BLE001  (what escapes is what the campaign judges)
            untyped.append(traceback.format_exc())

    hits = snapshot.dense(np.ones(EMBEDDER.dim, np.float32), len(snapshot))
    for entry in snapshot.entries:
        ask(lambda id_=entry.id: snapshot.document(id_), texts)
    for hit in hits:
        ask(lambda id_=hit.chunk_id: snapshot.chunks([id_])[0], lines)
    snapshot.close()
    return {"texts": texts, "lines": lines, "errors": dict(errors), "untyped": untyped}


def look_at_ledger(ack, index):
    """Return what the ledger holds, also where nothing was published yet."""
    del ack
    folder = IndexFolder(Path(index))
    return {"ledger": _kept(folder), "live": live_build(folder), "lying": lying(folder)}


def _timed(snapshot, begin=None):
    begin = time.perf_counter() if begin is None else begin
    served = _served(snapshot)
    return served | {"seconds": time.perf_counter() - begin}


def _served(snapshot):
    """Return every document and line that the snapshot answers from, and if each is found."""
    texts, lines, unfound = {}, {}, []
    everything = np.ones((1, EMBEDDER.dim), np.float32)
    hits = snapshot.dense(everything[0], len(snapshot))
    for chunk in snapshot.chunks([hit.chunk_id for hit in hits]):
        line = chunk.text.rstrip("\n")
        lines[line] = lines.get(line, 0) + 1
        document = snapshot.document(chunk.document_id)
        names = (document.source, *document.also)
        unfound += [n for n in names if texts.setdefault(n, document.text) != document.text]
        ids = {hit.chunk_id for hit in snapshot.lexical(line.split()[1], 2)}
        best = snapshot.dense(EMBEDDER.embed_queries([chunk.embedding_text])[0], 1)
        if ids != {chunk.id} or best[0].chunk_id != chunk.id:
            unfound.append(line)
    allowed = snapshot.allowed(Filter(sources=["*"]))
    return {
        "build": snapshot.build,
        "texts": texts,
        "lines": lines,
        "unfound": unfound,
        "stands_in": snapshot.stands_in,
        "chunks": [len(hits), len(allowed), len(set(allowed.tolist()))],
    }


def _kept(folder):
    with open_reader(folder) as ledger:
        rows = ledger.sources()
        names = [name for row in rows for name in (row.source, *row.aliases)]
        texts = {
            name: ledger.document(row.document_id).text
            for row in rows
            for name in (row.source, *row.aliases)
        }
        with ledger.reading() as db:
            whole = [row[0] for row in db.execute("PRAGMA integrity_check")]
            orphans = len(db.execute("PRAGMA foreign_key_check").fetchall())
    return {
        "texts": texts,
        "doubled": len(names) - len(set(names)),
        "whole": whole,
        "orphans": orphans,
    }


def lying(folder):
    """Return what lies in the index folder that no finished writer leaves behind."""
    builds = set(folder.build_ids())
    known = {
        "ledger.sqlite",
        "ledger.sqlite-wal",
        "ledger.sqlite-shm",
        "writer.lock",
        "feedback.jsonl",
        "feedback.lock",
        "forgotten",
        "builds",
        "LIVE",
    }
    strange = [path.name for path in folder.root.iterdir() if path.name not in known]
    if folder.builds.is_dir():
        strange += [path.name for path in folder.builds.iterdir() if path.name not in builds]
    return sorted(strange)


def touch(ack, root):
    """Do one of each operation below `root`; return how many bytes the write took."""
    del ack
    folder = Path(root) / "a"
    folder.mkdir()
    handle = os.open(folder / "f", os.O_WRONLY | os.O_CREAT)
    try:
        taken = os.write(handle, b"0123456789")
        os.fsync(handle)
    finally:
        os.close(handle)
    (folder / "f").rename(Path(root) / "b")
    (Path(root) / "b").unlink()
    folder.rmdir()
    return taken


def copied_descriptor(ack, root):
    """Write through a copy of a descriptor, then reuse its number for a file elsewhere."""
    del ack
    shim = Shim(Path(os.environ["LD_PRELOAD"]))
    handle = os.open(Path(root) / "f", os.O_WRONLY | os.O_CREAT)
    copy = os.dup(handle)
    os.close(handle)
    os.write(copy, b"inside")
    os.dup2(copy, handle)
    os.write(handle, b"inside")
    inside = shim.struck().operations
    elsewhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(elsewhere, copy)
    os.write(copy, b"outside")
    return {"inside": inside, "outside": shim.struck().operations - inside}


def threads(ack, root, threads, writes):
    """Write from several threads at once; return how many writes were refused."""
    del ack

    def write(name):
        refused = 0
        with (Path(root) / str(name)).open("wb", buffering=0) as handle:
            for _ in range(writes):
                try:
                    handle.write(b"x")
                except OSError:
                    refused += 1
        return refused

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(write, range(threads)))


JOBS = {
    "touch": touch,
    "copied_descriptor": copied_descriptor,
    "threads": threads,
    "ingest": ingest,
    "rebuild": rebuild_index,
    "race_writers": rivals.race_writers,
    "race_schedulers": race_schedulers_of,
    "kill_holder": kill_holder_of,
    "pause_holder": pause_holder_of,
    "history": history,
    "publish": publish_build,
    "prune": prune_builds,
    "remove": remove,
    "forget": forget_sources,
    "export": export_to,
    "import": import_from,
    "look": look,
    "look_while_full": look_while_full,
    "look_piecewise": look_piecewise,
    "look_at_ledger": look_at_ledger,
}
