"""`?fields=`: which members of an answer whoever asks wants to have."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from pydantic import Field


def FieldsParameter(known: Sequence[str]) -> Any:  # noqa: N802 - stands where pydantic's own Field does
    """Describe the parameter in OpenAPI; `known` are the members that there are."""
    names = "|".join(known)
    return Field(
        None,
        description=f"The members to answer with, separated by commas: {', '.join(known)}.",
        examples=[",".join(known[:3])],
        json_schema_extra={"pattern": f"^({names})(,({names}))*$"},
    )


def known_fields(text: str | None, *, known: Sequence[str]) -> str | None:
    """Return `text` if it names only what is known; else raise `ValueError` with a sentence for whoever asks."""
    unknown = sorted(set((text or known[0]).split(",")) - set(known)) if text != "" else [""]
    if unknown:
        names = {"unknown": ", ".join(unknown), "known": ", ".join(known)}
        raise ValueError(_("There is no field “%(unknown)s”. The fields are: %(known)s.") % names)
    return text
