"""Wordings that mean the same."""

import pytest

from tests.search.engine_contract.conftest import Ids, Put


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("estrogen", "About oestrogen."),
        ("oestrogens", "About estrogen."),
        ("low supply", "When there is not enough milk."),
        ("not enough milk", "An insufficient supply."),
        ("letdown", "The milk ejection reflex."),
        ("let-down", "The milk ejection reflex."),
        ("milk ejection reflex", "The let-down."),
        ("d-mer", "The dysphoric milk ejection reflex."),
        ("dmer", "It is called D-MER."),
        ("D\u2011MER", "It is called D-MER."),
        ("dysphoric milk ejection reflex", "It is called d-mer."),
        ("chestfeeding", "Breast-feeding is old."),
        ("re-lactation", "She may relactate."),
        ("lactation induction", "Inducing lactation takes months."),
        ("non-birth mother", "The non-gestational parent."),
        ("fil", "There is a feedback inhibitor of lactation."),
        ("motilium", "Domperidone is a medicine."),
        ("love hormone", "Oxytocin."),
        ("raynaud's", "A vasospasm."),
    ],
)
def test_another_wording_is_found(put: Put, found: Ids, question: str, text: str) -> None:
    page = put(text=text)
    put(text="Quite another matter.")
    assert found(question) == [page]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        # one way only
        ("domperidone", "Motilium."),
        ("feedback inhibitor of lactation", "His fil came along."),
        ("oxytocin", "The cuddle."),
        # apart on purpose
        ("relactation", "Induced by it."),
        ("d-mer", "The let-down."),
        ("let-down", "It is called D-MER."),
        ("milk sharing", "A bank of donors."),
    ],
)
def test_what_only_sounds_alike_is_not_found(put: Put, found: Ids, question: str, text: str) -> None:
    put(text=text)
    assert found(question) == []


def test_relactation_and_induced_lactation_stay_apart(put: Put, found: Ids) -> None:
    relactation = put(text="Relactation begins again.")
    induced = put(text="Inducing lactation begins anew.")
    assert found("relactation") == [relactation]
    assert found("restart lactation")[0] == relactation
    assert found("lactation induction")[0] == induced
    assert relactation not in found("induced lactation")


def test_synonyms_work_inside_a_longer_question(put: Put, found: Ids) -> None:
    page = put(text="Why there may be not enough milk: causes.")
    other = put(text="Other causes.")
    assert found("what causes low supply?") == [page, other]


def test_the_own_words_come_before_their_synonyms(put: Put, found: Ids) -> None:
    other = put(text="About a refrigerator, and what goods are there.")
    own = put(text="About the fridge, and what goods are there.")
    assert found("fridge") == [own, other]


def test_one_word_of_several_that_belong_together_is_enough(put: Put, found: Ids) -> None:
    page = put(text="Supply follows demand.")
    assert found("low supply") == [page]
