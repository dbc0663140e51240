"""A kept answer: its headers and its body in every encoding, ready to be sent."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from cms.page_cache.encodings import IDENTITY, accepted, forms_of
from cms.page_cache.headers import MAY_BE_KEPT, USED_PARAMETERS

Headers = list[tuple[str, str]]

# What the front says itself.
REPLACED = frozenset({"cache-control", "content-encoding", "content-length", "etag", "vary", USED_PARAMETERS.lower()})
# What is about whoever asked first, and nobody else's.
PERSONAL = frozenset({"ratelimit", "ratelimit-policy"})
ABOUT_THE_BODY = frozenset({"content-encoding", "content-language", "content-length", "content-type"})
OVERHEAD = 4_000  # bytes that an entry takes besides its bodies
CHECKSUM_BYTES = 16


class Form(NamedTuple):
    """The answer in one encoding."""

    etag: str
    # Compared as text: whoever sends it back has seen this very state of the site.
    last_modified: str | None
    headers: Headers
    not_modified_headers: Headers
    body: bytes


class Entry:
    """One kept answer.

    Args:
        generation: The state of the site in which it was made; in any other it is out of date.
        ends_at: Seconds since 1970; from then on it is out of date whatever the generation.
        headers: Those that every form of it has.
        bodies: Encoding -> body.
        is_on_cdn: Whether it may be given to a CDN to keep, because that was written down.
    """

    __slots__ = ("_forms", "bodies", "ends_at", "generation", "headers", "is_on_cdn", "size")

    def __init__(
        self, *, generation: bytes, ends_at: float, headers: Headers, bodies: dict[str, bytes], is_on_cdn: bool = False
    ) -> None:
        self.generation = generation
        self.ends_at = ends_at
        self.headers = headers
        self.bodies = bodies
        self.is_on_cdn = is_on_cdn
        self.size = OVERHEAD + sum(map(len, bodies.values()))
        digest = hashlib.blake2b(bodies[IDENTITY], digest_size=12).hexdigest()
        self._forms = {encoding: _form(headers, digest, encoding, body) for encoding, body in bodies.items()}

    @classmethod
    def of(cls, *, generation: bytes, ends_at: float, headers: Headers, body: bytes, vary: Iterable[str]) -> Self:
        """Make an entry of an answer, and compress it."""
        content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
        kept = [(name, value) for name, value in headers if name.lower() not in REPLACED | PERSONAL]
        varies = dict.fromkeys(["Accept-Encoding", "Cookie", *vary])
        kept.append(("Vary", ", ".join(varies)))
        return cls(
            generation=generation, ends_at=ends_at, headers=kept, bodies=forms_of(body, content_type=content_type)
        )

    def form_for(self, accept_encoding: str) -> Form:
        """Return the answer in the best encoding that a browser takes."""
        forms = self._forms
        for encoding in accepted(accept_encoding):
            if encoding in forms:
                return forms[encoding]
        return forms[IDENTITY]

    def to_bytes(self) -> bytes:
        description = {
            "generation": self.generation.hex(),
            "ends_at": self.ends_at,
            "headers": self.headers,
            "is_on_cdn": self.is_on_cdn,
            "bodies": [[encoding, len(body)] for encoding, body in self.bodies.items()],
        }
        packed = json.dumps(description).encode() + b"\n" + b"".join(self.bodies.values())
        return _checksum(packed) + packed

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises `ValueError` for anything else, one wrong bit included."""
        checksum, packed = stored[:CHECKSUM_BYTES], stored[CHECKSUM_BYTES:]
        if checksum != _checksum(packed):
            raise ValueError("It is not what was written.")
        first_line, _, rest = packed.partition(b"\n")
        description: dict[str, Any] = json.loads(first_line)
        bodies = {}
        for encoding, length in description["bodies"]:
            bodies[encoding], rest = rest[:length], rest[length:]
        return cls(
            generation=bytes.fromhex(description["generation"]),
            ends_at=description["ends_at"],
            headers=[(name, value) for name, value in description["headers"]],
            bodies=bodies,
            is_on_cdn=description["is_on_cdn"],
        )


def _checksum(packed: bytes) -> bytes:
    return hashlib.blake2b(packed, digest_size=CHECKSUM_BYTES).digest()


def _form(headers: Headers, digest: str, encoding: str, body: bytes) -> Form:
    etag = f'"{digest}-{encoding}"' if encoding else f'"{digest}"'
    common = [*headers, ("Cache-Control", MAY_BE_KEPT), ("ETag", etag)]
    about = [("Content-Encoding", encoding)] if encoding else []
    return Form(
        etag=etag,
        last_modified=next((value for name, value in headers if name.lower() == "last-modified"), None),
        headers=[*common, *about, ("Content-Length", str(len(body)))],
        not_modified_headers=[(name, value) for name, value in common if name.lower() not in ABOUT_THE_BODY],
        body=body,
    )
