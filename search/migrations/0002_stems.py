"""The words to search by, in the way of the database at hand: an FTS5 table on SQLite, a tsvector on PostgreSQL.

Both hold the stems that search.words made, in the columns that search.ranking weighs; neither needs an extension.
"""

from django.db import migrations

SQLITE = """
CREATE VIRTUAL TABLE search_stems USING fts5(title, headings, labels, summary, body, tokenize = 'ascii')
"""

POSTGRESQL = """
CREATE TABLE search_stems (page_id bigint PRIMARY KEY, stems tsvector NOT NULL);
CREATE INDEX search_stems_stems ON search_stems USING gin (stems);
"""


def make(apps, schema_editor):
    schema_editor.execute(SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE search_stems")


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]

    operations = [migrations.RunPython(make, drop)]
