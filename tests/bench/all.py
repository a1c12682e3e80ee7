"""Everything the README claims, in one go: `make bench [DATA=folder]`.

`DATA` is a folder with the question sets, claim sets and files; what is not there is skipped.
"""

import subprocess
import sys
from pathlib import Path


def run(module: str, *arguments: str) -> None:
    print(f"\n== python -m {module} {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", module, *arguments], check=True)


def main(data: Path | None) -> None:
    for name in ("embedding", "retrieval", "latency", "precision"):
        run(f"tests.bench.{name}")
    if data is None:
        print("\nname a folder with question sets for the rest: make bench DATA=folder")
        return
    if (data / "files").exists():
        run("tests.bench.extraction", str(data / "files"))
    run("tests.bench.quality", str(data))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
