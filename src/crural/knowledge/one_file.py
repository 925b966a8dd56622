"""One data file read by itself: the workbenches read theirs when first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from crural.errors import KnowledgeError

_T = TypeVar("_T")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_one(root: Path, name: str, kind: type[_T]) -> _T:
    """The file `name` below `root` as its model, or as a tuple of them.

    Raises KnowledgeError that names the file and the field.
    """
    try:
        raw = yaml.load((root / name).read_text(encoding="utf-8"), Loader=_Loader)
        return TypeAdapter(kind).validate_python(raw)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise KnowledgeError(
            file=name,
            problem=f"cannot be read: {' '.join(str(error).split())}",
            remedy="restore the file",
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise KnowledgeError(
            file=name,
            field=".".join(str(step) for step in first["loc"]),
            problem=first["msg"].removeprefix("Value error, "),
            remedy="write the entry as its neighbours are written",
        ) from error
