"""Everything the README claims, in one go: `make bench [DATA=folder]`.

`DATA` is a folder with the question sets, claim sets and files; what is not there is skipped.
"""

import subprocess
import sys
from pathlib import Path


def run(module: str, *arguments: str) -> None:
    print(f"\n== python -m tests.bench.{module} {' '.join(arguments)}", flush=True)
    subprocess.run([sys.executable, "-m", f"tests.bench.{module}", *arguments], check=True)


def main(data: Path | None) -> None:
    run("embedding")
    run("retrieval")
    run("latency")
    if data is None:
        print("\nname a folder with question sets for the rest: make bench DATA=folder")
        return
    wanted = [
        ("ranking", data / "scifact-dev"),
        ("extraction", data / "files"),
        *(("answers", data / name) for name in ("stici-dev", "squad2-500", "clapnq-dev")),
    ]
    for module, path in wanted:
        if path.exists():
            run(module, str(path))
        else:
            print(f"\nskipped {module}: no {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
