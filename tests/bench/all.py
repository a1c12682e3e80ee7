"""Everything the README claims, in one go: `make bench [DATA=folder]`.

`DATA` is a folder with the question sets, claim sets and files; what is not there is skipped.
"""

import subprocess
import sys
from pathlib import Path

CLAIMS = ("attribution-dev", "wice-dev", "factcheck-dev")
QUESTIONS = ("scifact-dev", "stici-dev", "squad2-500", "clapnq-dev", "ramdocs-dev", "poisoned-nq")


def run(module: str, *arguments: str) -> None:
    print(f"\n== python -m {module} {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


def main(data: Path | None) -> None:
    for name in ("embedding", "retrieval", "latency"):
        run(f"tests.bench.{name}")
    if data is None:
        print("\nname a folder with question sets for the rest: make bench DATA=folder")
        return
    if (data / "files").exists():
        run("tests.bench.extraction", str(data / "files"))
    claims = [part for n in CLAIMS if (data / n).exists() for part in ("--claims", str(data / n))]
    for name in (*QUESTIONS, *CLAIMS):
        if (data / name).exists():
            run("rag", "eval", str(data / name), "--split", "report", *claims)
        else:
            print(f"\nskipped: no {data / name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
