"""Writes the generated pages and gathers everything that the site is made of.

Pages that are generated from the code and kept beside it (hazard log, founding statements, the
numbers of the worked example) are written in place. Those that follow the knowledge (findings,
conditions, decisions) exist only in the site, whose source mirrors the repository, so that a link
that works there works here.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from docs.build import claims, decides, hazards, spread_page, vocabulary, worked_example
from docs.build.tests_listed import ROOT, names_of_tests

from crural.knowledge import load_knowledge

SITE_SOURCE = ROOT / "build" / "site-source"
COPIED = (
    "README.md",
    "GLOSSARY.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "src/crural/knowledge/data/LICENSE",
    "docs/*.md",
    "docs/safety/*.md",
    "docs/safety/*.yaml",
    "docs/schema/*.json",
    "docs/pictures/*",
    "docs/style/*",
    "examples/*.yaml",
    "benchmarks/*.md",
)
# What the program itself needs lives with it, and is published beside its like.
PUBLISHED = {"src/crural/report/schema/assessment.json": "docs/schema/assessment.json"}
NOT_MEASURED = {
    "docs/validation.md": """\
# Validation

Not measured yet. This page is written from the result of

```
crural validate validation/cases --format json > validation/result.json
python -m docs.build.validation_page validation/result.json
```
""",
    "benchmarks/RESULTS.md": """\
# Speed

Not measured yet. `make bench` measures it and writes this page.
""",
}


def main() -> None:
    """Write the generated pages and gather the site's source."""
    hazards.write()
    claims.write(names_of_tests())
    worked_example.main()
    spread_page.main()
    gather(ROOT, SITE_SOURCE)
    knowledge = load_knowledge()
    pages = {
        "docs/findings.md": vocabulary.findings_page(knowledge),
        "docs/conditions.md": vocabulary.conditions_page(knowledge),
        "docs/decides.md": decides.page(knowledge),
    }
    for name, text in pages.items():
        _put(SITE_SOURCE / name, text)


def gather(root: Path, target: Path) -> None:
    """Copy what the site is made of from `root` to `target`, which is emptied first."""
    shutil.rmtree(target, ignore_errors=True)
    for pattern in COPIED:
        for path in sorted(root.glob(pattern)):
            copy = target / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    for source, name in PUBLISHED.items():
        _put(target / name, (root / source).read_text(encoding="utf-8"))
    for name, text in NOT_MEASURED.items():
        if not (target / name).exists():
            _put(target / name, text)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
