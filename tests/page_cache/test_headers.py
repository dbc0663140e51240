"""What an answer says of whether it may be kept."""

import pytest
from django.http import HttpResponse

from cms.page_cache.headers import MAY_BE_KEPT, USED_PARAMETERS, may_be_kept, uses_parameters


def test_what_may_be_kept_is_public_and_is_asked_for_again_each_time() -> None:
    response = HttpResponse()
    may_be_kept(response)
    assert response["Cache-Control"] == MAY_BE_KEPT == "public, max-age=0, must-revalidate"
    assert USED_PARAMETERS not in response


def test_parameters_add_up_and_are_named_once() -> None:
    response = HttpResponse()
    uses_parameters(response, "page")
    may_be_kept(response, parameters=["page", "fields"])
    assert response[USED_PARAMETERS] == "page fields"


@pytest.mark.parametrize("said", ["private, max-age=600", "no-store", "No-Cache", "private"])
def test_what_is_private_stays_private(said: str) -> None:
    response = HttpResponse(headers={"Cache-Control": said})
    may_be_kept(response)
    assert response["Cache-Control"] == said
