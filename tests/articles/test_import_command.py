"""`manage.py import_articles PATH...`: what it says, and with which exit code it ends."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from articles.models import ArticleIndexPage, ArticlePage
from tests.articles.files import write_file
from tests.pages import ArticleFactory


def run(*arguments: str | Path) -> tuple[int, list[str], list[str]]:
    """Run the command and return its exit code and the lines that it said."""
    out, err = StringIO(), StringIO()
    code = 0
    try:
        call_command("import_articles", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as end:
        code = int(str(end.code))
    return code, out.getvalue().splitlines(), err.getvalue().splitlines()


@pytest.mark.usefixtures("article_index")
def test_each_file_is_told_with_the_fields_that_change(publish_article: ArticleFactory, tmp_path: Path) -> None:
    publish_article(title="Mine", slug="two", text="Text.", summary="About two.")
    one, two = write_file(tmp_path, "one"), write_file(tmp_path, "two")
    assert run(tmp_path, "--publish") == (
        0,
        [f"{one}: created", f"{two}: updated (title)", "Done: 1 created, 1 updated."],
        [],
    )
    assert run(one, two) == (0, [f"{one}: unchanged", f"{two}: unchanged", "Done: 2 unchanged."], [])
    assert ArticlePage.objects.live().count() == 2


@pytest.mark.usefixtures("article_index")
def test_without_publish_they_are_drafts(tmp_path: Path) -> None:
    write_file(tmp_path, "one")
    run(tmp_path)
    assert [article.live for article in ArticlePage.objects.all()] == [False]


@pytest.mark.usefixtures("article_index")
def test_a_dry_run_only_tells(tmp_path: Path) -> None:
    path = write_file(tmp_path, "one")
    told = [f"{path}: created", "Nothing was changed; it would be: 1 created."]
    assert run(tmp_path, "--dry-run") == (0, told, [])
    assert not ArticlePage.objects.exists()


@pytest.mark.usefixtures("article_index")
def test_a_wrong_file_is_told_with_its_line_and_ends_with_1(tmp_path: Path) -> None:
    right, wrong = write_file(tmp_path, "right"), write_file(tmp_path, "wrong", body="One.\n\n# Two")
    code, said, errors = run(tmp_path / "nowhere.md", right, wrong)
    assert code == 1
    assert said == [f"{right}: created", "Done: 1 created, 2 refused."]
    assert errors[0].startswith(f"{tmp_path / 'nowhere.md'}:1: This file cannot be read")
    assert errors[1] == f"{wrong}:10: Headings are “##” or “###”; the title stands among the fields."


@pytest.mark.usefixtures("article_index")
def test_category_and_author_of_plain_texts_are_options(tmp_path: Path) -> None:
    path = tmp_path / "hormones.txt"
    path.write_text("How milk moves\n\nIt runs through ducts.\n")
    code, _said, errors = run(path)
    assert (code, errors) == (1, [f"{path}:1: The field “author” is missing."])
    code, said, _errors = run(path, "--category", "hormones", "--author", "The team")
    assert (code, said[0]) == (0, f"{path}: created")
    code, _said, errors = run(path, "--category", "nonsense", "--author", "The team")
    assert (code, ArticlePage.objects.get().category.slug) == (0, "hormones")


@pytest.mark.usefixtures("article_index")
def test_hidden_and_other_files_of_a_folder_are_left_out(tmp_path: Path) -> None:
    write_file(tmp_path / ".git", "one")
    write_file(tmp_path, "two", name=".two.md")
    write_file(tmp_path, "three", name="three.pdf")
    with pytest.raises(CommandError, match="no Markdown or text file"):
        run(tmp_path)
    path = write_file(tmp_path / "inner", "four", name="FOUR.MD")
    assert run(tmp_path)[1][0] == f"{path}: created"


def test_without_a_list_of_articles_it_says_what_to_do(db: None, tmp_path: Path) -> None:
    assert not ArticleIndexPage.objects.exists()
    with pytest.raises(CommandError, match="setup_site"):
        run(write_file(tmp_path, "one"))
