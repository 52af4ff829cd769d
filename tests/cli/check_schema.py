#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks results files against reports/schema/ with a strict JSON parser.

usage: check_schema.py SCHEMA_DIR FILE...      (- is standard input)
"""
import json
import pathlib
import sys

import jsonschema


def strict(stream):
    def refuse(word):
        raise ValueError(f"{word} is no JSON")
    return json.load(stream, parse_constant=refuse)


def main():
    folder = pathlib.Path(sys.argv[1])
    schemas = {path.name: strict(path.open()) for path in sorted(folder.glob("*.schema.json"))}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    resolver = jsonschema.RefResolver("", schemas["results.schema.json"], store=schemas)
    validator = jsonschema.Draft202012Validator(schemas["results.schema.json"], resolver=resolver)
    bad = 0
    for name in sys.argv[2:]:
        document = strict(sys.stdin if name == "-" else open(name, encoding="utf-8"))
        errors = sorted(validator.iter_errors(document), key=lambda e: list(map(str, e.absolute_path)))
        for error in errors[:20]:
            place = "/".join(map(str, error.absolute_path)) or "the document"
            print(f"{name}: {place} does not match: {error.message[:200]}", file=sys.stderr)
        bad += bool(errors)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
