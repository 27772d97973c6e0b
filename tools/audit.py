"""`make audit`: has any locked package a known hole? The answer, or its lack, is dated in docs/TRUST.md."""

import subprocess
import sys

from tools import trust
from tools.sbom import locked
from uad_core.io.paths import ROOT

AUDIT = ROOT / ".venv" / "tools" / "bin" / "pip-audit"
OPTIONS = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "-r", "requirements.lock")


def main() -> int:
    """1 for a hole; 0 for none, or where the database is out of reach: then the report says so."""
    answer = subprocess.run([AUDIT, *OPTIONS], cwd=ROOT, capture_output=True, text=True, check=False)
    print(answer.stdout + answer.stderr)
    said = sentence(answer.returncode, answer.stdout + answer.stderr, len(locked()))
    trust.record("audit", said)
    return int(answer.returncode != 0 and "out of reach" not in said)


def sentence(status: int, printed: str, packages: int) -> str:
    """What an audit came to."""
    if status == 0:
        return f"none in {packages} packages, by the advisory database that pip-audit asks"
    holes = [line for line in printed.splitlines() if "PYSEC-" in line or "CVE-" in line or "GHSA-" in line]
    if holes:
        return f"{len(holes)} known in {packages} packages: see `make audit`"
    return f"the database was out of reach from here, so that none of {packages} packages was audited"


if __name__ == "__main__":
    sys.exit(main())
