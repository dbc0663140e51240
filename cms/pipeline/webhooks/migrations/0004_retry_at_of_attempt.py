from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0003_fault_of_attempt"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="retry_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
