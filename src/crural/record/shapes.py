"""The two shapes that data of unknown type is searched for, in a form the type checkers follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    """Is it a group of keys and values?"""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Is it a list? Text is not."""
    return isinstance(value, list | tuple)
