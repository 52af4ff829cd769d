#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks results files against reports/schema/ with a strict JSON parser.

usage: check_schema.py [--lax] SCHEMA_DIR FILE...      (- is standard input)

NaN, Infinity and keys that occur twice in an object are no JSON here. A key that the schema does
not name is an error as well, though readers are told to ignore such: what we write and what we
describe must not drift apart. --lax lets them pass. The checker knows the keywords that our schemas
use and refuses any other; where python3-jsonschema is installed, it has to agree.
"""
import json
import pathlib
import sys

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
KNOWN = {"$schema", "$id", "$ref", "$defs", "title", "description", "type", "enum", "const",
         "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
         "minimum", "exclusiveMinimum", "maximum", "pattern", "if", "then", "else", "anyOf"}


def strict(stream):
    def refuse(word):
        raise ValueError(f"{word} is no JSON")

    def once(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise ValueError(f"a key is there twice: {sorted(n for n in names if names.count(n) > 1)[0]}")
        return dict(pairs)
    return json.load(stream, parse_constant=refuse, object_pairs_hook=once)


def has_type(value, name):
    if name in ("number", "integer"):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and (name == "number" or value == int(value))
    return isinstance(value, TYPES[name])


class Checker:
    def __init__(self, schemas, lax):
        self.schemas, self.lax, self.errors = schemas, lax, []

    def resolve(self, schema, root):
        while "$ref" in schema:
            name, _, path = schema["$ref"].partition("#")
            root = self.schemas[name] if name else root
            found = root
            for step in filter(None, path.split("/")):
                found = found[step]
            schema = {**{k: v for k, v in schema.items() if k not in ("$ref", "description")}, **found}
        return schema, root

    def fits(self, value, schema, root):
        probe = Checker(self.schemas, True)
        probe.check(value, schema, root, [])
        return not probe.errors

    def wrong(self, place, message):
        self.errors.append(("/".join(map(str, place)) or "the document", message))

    def check(self, value, schema, root, place):
        schema, root = self.resolve(schema, root)
        unknown = set(schema) - KNOWN
        if unknown:
            raise ValueError(f"{root.get('$id')}: keywords this checker does not know: {sorted(unknown)}")
        kinds = schema.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(has_type(value, k) for k in kinds):
            return self.wrong(place, f"{json.dumps(value)[:80]} is no {' or '.join(kinds)}")
        if "enum" in schema and value not in schema["enum"]:
            self.wrong(place, f"{json.dumps(value)[:80]} is none of {schema['enum']}")
        if "const" in schema and value != schema["const"]:
            self.wrong(place, f"{json.dumps(value)[:80]} is not {schema['const']!r}")
        if "anyOf" in schema and not any(self.fits(value, s, root) for s in schema["anyOf"]):
            self.wrong(place, "fits none of the alternatives")
        if "if" in schema:
            branch = "then" if self.fits(value, schema["if"], root) else "else"
            self.check(value, schema.get(branch, {}), root, place)
        if has_type(value, "number"):
            self.check_number(value, schema, place)
        elif isinstance(value, dict):
            self.check_object(value, schema, root, place)
        elif isinstance(value, list):
            self.check_array(value, schema, root, place)
        return None

    def check_number(self, value, schema, place):
        if value < schema.get("minimum", value):
            self.wrong(place, f"{value} is below {schema['minimum']}")
        if value > schema.get("maximum", value):
            self.wrong(place, f"{value} is above {schema['maximum']}")
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            self.wrong(place, f"{value} is not above {schema['exclusiveMinimum']}")

    def check_object(self, value, schema, root, place):
        described = schema.get("properties", {})
        more = schema.get("additionalProperties", "properties" not in schema or self.lax)
        for name in schema.get("required", []):
            if name not in value:
                self.wrong(place, f"has no {name!r}")
        for name, member in value.items():
            if name in described:
                self.check(member, described[name], root, place + [name])
            elif isinstance(more, dict):
                self.check(member, more, root, place + [name])
            elif not more:
                self.wrong(place, f"the key {name!r} is not described")

    def check_array(self, value, schema, root, place):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            self.wrong(place, f"has {len(value)} items")
        for i, item in enumerate(value if "items" in schema else []):
            self.check(item, schema["items"], root, place + [i])


def second_opinion(schemas):
    """A function document -> messages by python3-jsonschema, or None where it is not installed."""
    try:
        import jsonschema
    except ImportError:
        return None
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    root = schemas["results.schema.json"]
    resolver = jsonschema.RefResolver("", root, store=schemas)
    validator = jsonschema.Draft202012Validator(root, resolver=resolver)
    return lambda document: [("/".join(map(str, e.absolute_path)), e.message)
                             for e in validator.iter_errors(document)]


def main():
    words = sys.argv[1:]
    lax = words[:1] == ["--lax"]
    folder, names = pathlib.Path(words[lax]), words[lax + 1:]
    schemas = {p.name: strict(p.open(encoding="utf-8")) for p in sorted(folder.glob("*.schema.json"))}
    other, bad = second_opinion(schemas), 0
    root = schemas["results.schema.json"]
    for name in names:
        checker = Checker(schemas, lax)
        try:
            document = strict(sys.stdin if name == "-" else open(name, encoding="utf-8"))
        except ValueError as error:
            print(f"{name}: does not match: {error}", file=sys.stderr)
            bad += 1
            continue
        checker.check(document, root, root, [])
        errors = checker.errors + (other(document) if other else [])
        for place, message in errors[:20]:
            print(f"{name}: {place} does not match: {message[:200]}", file=sys.stderr)
        bad += bool(errors)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
