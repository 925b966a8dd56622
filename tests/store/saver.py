"""A program of its own that saves and says so, until it is killed or told how often.

    python -m tests.store.saver URL PATIENT COUNT [LARGEST_FILE]

Writes the number of each version on a line once it is kept; on a StoreError its kind, and ends.
"""

from __future__ import annotations

import resource
import sys

from crural.store import ConflictError, Store, StoreError
from tests.store.kept import aged


def main() -> None:
    """Save again and again."""
    url, patient_id, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    note = "x" * 2000
    with Store(url, patience=30) as store:
        if len(sys.argv) > 4:
            limit = int(sys.argv[4])
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        done = 0
        while done < count:
            try:
                newest = store.patient(patient_id).newest
                record = aged((newest + 1) % 120, note=note)
                saved = store.save(patient_id, record, based_on=newest, who="saver")
            except ConflictError:
                continue
            except StoreError as error:
                print(type(error).__name__, error, flush=True)
                return
            print(saved.info.number, flush=True)
            done += 1


if __name__ == "__main__":
    main()
