"""What a reader can ask, in the address of the page and of the API alike."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from search.interface import MAX_RESULTS, Query
from search.parsing import clean, parse

RESULTS_PER_PAGE = 10
MOST_PER_PAGE = 50


class ReadersText(forms.CharField):
    """Any text at all: what cannot be seen in it is left out, and what is too long is cut, without an error."""

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value) or "")


class SearchForm(forms.Form):
    """A question.

    A category or tag that no article has is no mistake: it finds nothing, and the facets show which there are.
    """

    q = ReadersText(required=False)
    category = ReadersText(required=False)
    tag = ReadersText(required=False)
    page = forms.IntegerField(required=False, min_value=1)
    page_size = forms.IntegerField(required=False, min_value=1, max_value=MOST_PER_PAGE)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("page") or 1) * (cleaned.get("page_size") or RESULTS_PER_PAGE) > MAX_RESULTS:
            self.add_error("page", too_deep())
        return cleaned

    def query(self) -> Query:
        """Return the question; a value that is not valid counts as not given."""
        self.full_clean()
        given = self.cleaned_data
        return parse(
            given.get("q", ""),
            category=given.get("category", ""),
            tag=given.get("tag", ""),
            page=given.get("page") or 1,
            page_size=given.get("page_size") or RESULTS_PER_PAGE,
        )


def too_deep() -> ValidationError:
    text = _("Only the first %(number)s results can be listed. Add a word, a category or a tag.")
    return ValidationError(text, params={"number": f"{MAX_RESULTS:,}"}, code="too_deep")
