"""`make size`: what an installation takes on the disk, the largest packages first; the sum goes into docs/TRUST.md."""

from importlib import metadata
from pathlib import Path

from tools import trust
from tools.sbom import locked

SHOWN = 12


def main() -> None:
    """Print the largest."""
    sizes = {name: size_of(name) for name in locked()}
    ranked = sorted(sizes.items(), key=lambda one: -one[1])
    for name, size in ranked[:SHOWN]:
        print(f"{size:7.0f} MB  {name}")
    total, most = sum(sizes.values()), ", ".join(f"{name} {size:.0f}" for name, size in ranked[:5])
    trust.record("size", f"{total:.0f} MB in {len(sizes)} packages ({most}), without bytecode")


def size_of(name: str) -> float:
    """MB of the files that a package brought; 0 for one that is not installed."""
    try:
        files = metadata.distribution(name).files or ()
    except metadata.PackageNotFoundError:
        return 0.0
    paths = (Path(str(file.locate())) for file in files if file.suffix != ".pyc")
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
