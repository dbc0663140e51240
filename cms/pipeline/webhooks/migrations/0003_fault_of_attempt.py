from django.db import migrations, models


def say_that_it_failed(apps, schema_editor):
    # Without a fault and a status, an attempt is one that nobody lived to write the end of.
    apps.get_model("webhooks", "Attempt").objects.filter(status=None).exclude(error="").update(fault="other")


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0002_editors_manage_webhooks"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="fault",
            field=models.CharField(
                blank=True,
                choices=[
                    ("address", "This address is not allowed."),
                    ("name", "Nobody knows where a server of this name is."),
                    ("refused", "Nobody listens at this address."),
                    ("timeout", "There was no answer in time."),
                    (
                        "tls",
                        "No secure connection came about, for the receiver’s certificate or encryption is not in order.",
                    ),
                    ("broken", "The receiver hung up, or answered something that is not HTTP."),
                    ("secret", "The secret cannot be read any more. Make a new one."),
                    ("other", "The connection failed."),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.RunPython(say_that_it_failed, migrations.RunPython.noop),
    ]
