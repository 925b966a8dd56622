"""The JSON Schema of a record file, short forms included, for editors and other programs."""

from __future__ import annotations

from typing import Any

from crural.record.model import Record
from crural.record.shorthand import SCHEMA


def record_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what the reader accepts.

    It covers the form; whether a finding exists, has this unit and agrees with the rest of the
    record is known only to the reader.
    """
    schema = Record.model_json_schema()
    for name in ("Drug", "Illness", "Treatment"):
        key = next(iter(schema["$defs"][name]["properties"]))
        schema["$defs"][name] = {
            "anyOf": [
                {"type": "string", "description": f"the {key} alone", "minLength": 1},
                schema["$defs"][name],
            ]
        }
    observation = schema["$defs"]["Observation"]
    observation["oneOf"] = [
        {"required": [key], "properties": {key: {"not": {"type": "null"}}}}
        for key in ("present", "state", "value")
    ]
    schema["$defs"]["Illness"]["anyOf"][1]["properties"]["since"]["anyOf"].append(
        {"type": "integer", "minimum": 1000, "maximum": 9999}
    )
    properties = schema["properties"]
    properties["setting"]["enum"] += ["spine-clinic", "pain-clinic"]
    for name in ("observations", "treatments", "drugs", "allergies", "illnesses", "pain_scores"):
        listed = {key: properties[name].pop(key) for key in ("items", "maxItems", "type")}
        properties[name]["anyOf"] = [listed, {"type": "null"}]
    schema["properties"] = {
        "schema": {
            "const": SCHEMA,
            "title": "Schema",
            "description": "the format of the file",
        },
        **properties,
        "present": _short_form("present"),
        "absent": _short_form("absent"),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        **schema,
    }


def _short_form(name: str) -> dict[str, Any]:
    return {
        "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}],
        "default": None,
        "title": name.capitalize(),
        "description": f"short form: the ids of findings that are {name}",
    }
