import django.core.serializers.json
import django.utils.timezone
from django.db import migrations, models


def keep_what_is_shown(apps, schema_editor):
    """Give the links that are there what their revision holds now: more than that nobody knows of them."""
    link_model = apps.get_model('previews', 'PreviewLink')
    for link in link_model.objects.select_related('revision').iterator(chunk_size=100):
        link.content = link.revision.content
        link.saved_at = link.revision.created_at
        link.save(update_fields=['content', 'saved_at'])


class Migration(migrations.Migration):

    dependencies = [
        ('previews', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='previewlink',
            name='content',
            field=models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='previewlink',
            name='saved_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.RunPython(keep_what_is_shown, migrations.RunPython.noop),
    ]
