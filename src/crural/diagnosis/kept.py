"""The compiled network, kept beside the compiled knowledge so that the next start is quick.

The copy belongs to one state of the data files and of the modules that compile them; when either
changes it is made anew. It holds the same figures to the last digit.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, overload

import numpy as np

from crural.diagnosis.network import (
    CauseLink,
    Group,
    Network,
    Parameter,
    VariantShare,
    compile_network,
)
from crural.knowledge import Knowledge, compiled, kept

NAME = "compiled-network.jsonl"


def network_of_all(knowledge: Knowledge) -> Network:
    """The network of all conditions; of the shipped knowledge its copy, when that fits."""
    if not compiled.is_shipped(knowledge):
        return compile_network(knowledge)
    path = compiled.COMPILED.with_name(NAME)
    made_from = compiled.made_from(knowledge.digest, Path(__file__).parent)
    lines = kept.read(path, made_from)
    if lines is not None:
        return _read(knowledge, lines)
    network = compile_network(knowledge)
    # A read-only installation merely stays slower.
    with contextlib.suppress(OSError, ValueError):
        kept.write(path, made_from, _written(network))
    return network


class _Parameters(Sequence[Parameter]):
    """The numbers of a network, each built when it is asked for."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    @overload
    def __getitem__(self, at: int) -> Parameter: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Parameter, ...]: ...
    def __getitem__(self, at: int | slice) -> Parameter | tuple[Parameter, ...]:
        if isinstance(at, slice):
            return tuple(_parameter(line) for line in self._lines[at])
        return _parameter(self._lines[at])

    def __len__(self) -> int:
        return len(self._lines)


def _parameter(line: str) -> Parameter:
    return Parameter(*kept.decoded(line))


def _written(network: Network) -> Iterator[str]:
    """The network as lines: its tables, then one line for each number."""
    acting = np.flatnonzero(network.cdf != 1.0)
    known = np.flatnonzero(network.cdf_parameter >= 0)
    yield json.dumps(
        {
            "conditions": network.conditions,
            "nodes": network.nodes,
            "n_states": network.n_states.tolist(),
            "groups": [list(asdict(group).values()) for group in network.groups],
            "groups_of": network.groups_of,
            "variants": [[list(asdict(v).values()) for v in of] for of in network.variants],
            "links": [list(asdict(link).values()) for link in network.links],
            "bilateral": network.bilateral.tolist(),
            "order": network.order,
            # Most of the tables says that a group leaves a finding alone.
            "shape": network.cdf.shape,
            "cdf": [acting.tolist(), network.cdf.flat[acting].tolist()],
            "cdf_parameter": [known.tolist(), network.cdf_parameter.flat[known].tolist()],
        }
    )
    for one in network.parameters:
        yield f"[{', '.join(map(kept.encoded, (one.kind, one.owner, one.about, one.quantity)))}]"


def _read(knowledge: Knowledge, lines: list[str]) -> Network:
    tables: dict[str, Any] = json.loads(lines[0])
    shape = tables["shape"]
    cdf = np.ones(shape)
    cdf.flat[tables["cdf"][0]] = tables["cdf"][1]
    cdf_parameter = np.full(shape[:2], -1, dtype=np.int64)
    cdf_parameter.flat[tables["cdf_parameter"][0]] = tables["cdf_parameter"][1]
    network = Network(
        knowledge=knowledge,
        conditions=tuple(tables["conditions"]),
        nodes=tuple(tables["nodes"]),
        n_states=np.array(tables["n_states"]),
        groups=tuple(Group(*group) for group in tables["groups"]),
        groups_of=tuple(tuple(of) for of in tables["groups_of"]),
        variants=tuple(tuple(VariantShare(*v) for v in of) for of in tables["variants"]),
        links=tuple(CauseLink(*link) for link in tables["links"]),
        cdf=cdf,
        cdf_parameter=cdf_parameter,
        parameters=_Parameters(lines[1:]),
        bilateral=np.array(tables["bilateral"]),
    )
    # As if it had been asked for before; a network that is made from this one finds its own.
    vars(network)["order"] = tuple(tables["order"])
    return network
