"""The API's description as one page of plain HTML: no script, no font, no picture, nothing from anywhere else."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

METHODS: Final = ("get", "post", "put", "patch", "delete")
STYLE: Final = """
:root{color-scheme:light dark;--line:#8886;--soft:#888}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1rem 1.5rem 4rem}
h1,h2{line-height:1.2}h2{border-bottom:1px solid var(--line);margin-top:2.5rem;padding-bottom:.25rem}
details{border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0;padding:.5rem .75rem}
summary{cursor:pointer}summary code{font-weight:600}
.method{display:inline-block;font-weight:700;min-width:4.5rem}
.soft{color:var(--soft)}
table{border-collapse:collapse;width:100%}
th,td{border-top:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top}
pre{overflow-x:auto;border:1px solid var(--line);border-radius:.4rem;padding:.5rem}
"""
POLICY: Final = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)

Document = Mapping[str, Any]


def render(document: Document) -> str:
    """The page of an OpenAPI document."""
    info = document["info"]
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["other"])[0]
                groups.setdefault(tag, []).append("".join(_operation(method, path, operation)))
    words = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    title = escape(f"{info['title']} API {info['version']}")
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>",
        _paragraphs(info.get("description", "")),
        '<p><a href="openapi.json">openapi.json</a></p>',
    ]
    for tag, operations in groups.items():
        parts.append(f"<h2>{escape(tag)}</h2>{_paragraphs(words.get(tag, ''))}{''.join(operations)}")
    schemas = document.get("components", {}).get("schemas", {})
    parts.append("<h2>Schemas</h2>")
    for name, schema in sorted(schemas.items()):
        text = escape(json.dumps(schema, indent=2, ensure_ascii=False))
        parts.append(
            f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary><pre>{text}</pre></details>'
        )
    parts.append("</body></html>")
    return "".join(parts)


def _operation(method: str, path: str, operation: Document) -> Iterator[str]:
    open_to_all = operation.get("security") == []
    yield f'<details><summary><span class="method">{method.upper()}</span> <code>{escape(path)}</code> '
    yield f'<span class="soft">{escape(operation.get("summary", ""))}</span></summary>'
    yield _paragraphs(operation.get("description", ""))
    if open_to_all:
        yield "<p>Needs no login.</p>"
    parameters = operation.get("parameters", ())
    if parameters:
        yield "<table><tr><th>parameter</th><th>in</th><th>type</th><th>meaning</th></tr>"
        for one in parameters:
            needed = "" if one.get("required") else ' <span class="soft">(optional)</span>'
            cells = (_type(one.get("schema", {})), escape(one.get("description", "")))
            yield f"<tr><td><code>{escape(one['name'])}</code>{needed}</td><td>{escape(one['in'])}</td>"
            yield "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        yield "</table>"
    if "requestBody" in operation:
        yield f"<p>Body: {_contents(operation['requestBody'])}</p>"
    yield "<table><tr><th>status</th><th>answer</th><th>when</th></tr>"
    for status, response in sorted(operation["responses"].items()):
        yield f"<tr><td>{escape(status)}</td><td>{_contents(response)}</td>"
        yield f"<td>{escape(response.get('description', ''))}</td></tr>"
    yield "</table></details>"


def _contents(holder: Document) -> str:
    found = (_type(content.get("schema", {})) for content in holder.get("content", {}).values())
    return " or ".join(found)


def _type(schema: Document) -> str:
    """A schema in a word or two, with a link to where it stands in full."""
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    for together in ("anyOf", "oneOf", "allOf"):
        if together in schema:
            return " or ".join(_type(one) for one in schema[together])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return " or ".join(f"<code>{escape(json.dumps(one))}</code>" for one in schema["enum"])
    return escape(str(schema.get("type", "anything")))


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
