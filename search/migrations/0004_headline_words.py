"""Words of titles and headings, for suggestions while a reader types.

The worker writes them when it next compares the index with the articles: no document here is what it is to be any more.
"""

import django.db.models.deletion
from django.db import migrations, models


def ask_for_a_repair(apps, schema_editor):
    apps.get_model("search", "SearchDocument").objects.update(content_hash="")


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0003_outage'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchHeadlineWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.IntegerField()),
                ('place', models.PositiveIntegerField()),
                ('word', models.CharField(db_index=True, max_length=64)),
                ('stem', models.CharField(max_length=64)),
                ('document', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='headline_words', to='search.searchdocument')),
            ],
            options={
                'indexes': [models.Index(fields=['document', 'position', 'stem'], name='search_headline_stems'), models.Index(fields=['stem'], name='search_headline_stem')],
            },
        ),
        migrations.RunPython(ask_for_a_repair, migrations.RunPython.noop),
    ]
