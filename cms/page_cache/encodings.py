"""Compressing an answer once, and choosing among its forms what a browser takes."""

import gzip
from functools import lru_cache

import brotli

IDENTITY = ""
# The best first.
COMPRESSED = ("br", "gzip")
# At 5, brotli is as fast as gzip and its result a fifth smaller.
BROTLI_QUALITY = 5
GZIP_LEVEL = 6
# What is smaller fits into one packet anyway.
LEAST_BYTES = 500
# Browsers send fewer; what each of them sends is remembered.
MOST_CHARACTERS = 200
TEXTS = ("text/", "application/json", "application/xml", "application/xhtml+xml", "image/svg+xml")


def forms_of(body: bytes, *, content_type: str) -> dict[str, bytes]:
    """Return encoding -> the body in it, without those that save nothing."""
    media_type = content_type.partition(";")[0].strip().lower()
    is_text = media_type.startswith(TEXTS) or media_type.endswith(("+json", "+xml"))
    if not is_text or len(body) < LEAST_BYTES:
        return {IDENTITY: body}
    forms = {
        IDENTITY: body,
        "br": brotli.compress(body, quality=BROTLI_QUALITY),
        # Without a time in it, the same page is the same bytes.
        "gzip": gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0),
    }
    return {name: form for name, form in forms.items() if name == IDENTITY or len(form) < len(body)}


def accepted(accept_encoding: str) -> tuple[str, ...]:
    """Return the encodings that a browser takes, the best first; the body as it is comes last and is always taken."""
    return _accepted(accept_encoding) if len(accept_encoding) <= MOST_CHARACTERS else (IDENTITY,)


@lru_cache(maxsize=512)
def _accepted(accept_encoding: str) -> tuple[str, ...]:
    weights = dict(_weights(accept_encoding))
    default = weights.get("*", 0.0)
    return (*(name for name in COMPRESSED if weights.get(name, default) > 0), IDENTITY)


def _weights(accept_encoding: str) -> list[tuple[str, float]]:
    return [_weight(part) for part in accept_encoding.lower().split(",")]


def _weight(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    _, _, value = parameter.partition("q=")
    try:
        return name.strip(), float(value) if value else 1.0
    except ValueError:
        # What cannot be read is not taken for a yes.
        return name.strip(), 0.0
