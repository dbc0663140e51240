"""Another SECRET_KEY: whoever is signed in stays so, as long as the earlier one holds."""

import pytest
from django.test import Client
from pytest_django import Settings

from cms.users.models import User


@pytest.fixture
def signed_in(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def is_known(client: Client) -> bool:
    return client.get("/accounts/email/").status_code == 200


def test_a_session_outlives_the_key_that_it_was_made_with(signed_in: Client, settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert is_known(signed_in)
    # It was seen since, and is signed with the new key.
    settings.SECRET_KEY_FALLBACKS = []
    assert is_known(signed_in)


def test_without_the_earlier_key_everybody_has_to_sign_in_again(signed_in: Client, settings: Settings) -> None:
    settings.SECRET_KEY = "another"
    assert not is_known(signed_in)
