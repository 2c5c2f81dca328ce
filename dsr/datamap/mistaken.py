"""What pydantic finds wrong with a value, in our words: what was found, and what is allowed."""

from collections.abc import Sequence

from pydantic_core import ErrorDetails

from dsr.datamap.flaw import meant

_SHOWN = 60  # characters of a wrong value that a message quotes
_ALLOWED = {
    "string_type": "text",
    "string_pattern_mismatch": "text like {pattern}",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "dict_type": "keys with values",
    "greater_than_equal": "{ge} and more",
    "enum": "{expected}",
    "literal_error": "{expected}",
}


def said(detail: ErrorDetails, keys: Sequence[str]) -> str:
    """One error; `keys` are those that its place may have."""
    found, kind = repr(detail["input"]), detail["type"]
    found = found if len(found) <= _SHOWN else found[:_SHOWN] + "…"
    context = detail.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        key = str(detail["loc"][-1])
        return f"unknown key; allowed are {', '.join(keys)}{meant(key, keys)}"
    if kind == "model_type":
        return f"found {found}; allowed are keys with values"
    if kind not in _ALLOWED:
        return f"found {found}; {detail['msg'][:1].lower()}{detail['msg'][1:]}"
    verb = "are" if kind in {"enum", "literal_error", "dict_type"} else "is"
    allowed = _ALLOWED[kind].format_map(context)
    near = meant(str(detail["input"]), [one.strip("'") for one in allowed.replace(" or ", ", ").split(", ")])
    return f"found {found}; allowed {verb} {allowed}{near if verb == 'are' else ''}"
