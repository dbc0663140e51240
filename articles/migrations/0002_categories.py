from django.db import migrations

CATEGORIES = [
    ("Hormones", "hormones"),
    ("Supply and demand", "supply-and-demand"),
    ("Inducing lactation", "inducing-lactation"),
    ("Health & safety", "health-and-safety"),
]


def make_categories(apps, schema_editor):
    Category = apps.get_model("articles", "Category")
    for order, (name, slug) in enumerate(CATEGORIES, start=1):
        Category.objects.get_or_create(slug=slug, defaults={"name": name, "order": order})


class Migration(migrations.Migration):
    dependencies = [("articles", "0001_initial")]

    # Going back leaves them: the migration before takes the whole table away.
    operations = [migrations.RunPython(make_categories, migrations.RunPython.noop)]
