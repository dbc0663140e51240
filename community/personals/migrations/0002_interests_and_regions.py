"""The interests and regions that members choose from."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils.text import slugify

INTERESTS = [
    "Inducing lactation",
    "Relactation",
    "Pumping and routines",
    "Hormones and how the body works",
    "Nursing with a partner",
    "Sharing feeding between parents",
    "Adoption and surrogacy",
    "Trans and nonbinary experience",
    "Weaning and stopping",
    "Feelings, stress and rest",
    "Books, studies and good sources",
    "Friendship and conversation",
    "A lasting relationship",
]

REGIONS = [
    "Canada",
    "United States: Midwest",
    "United States: Northeast",
    "United States: South",
    "United States: West",
    "Mexico and Central America",
    "The Caribbean",
    "South America",
    "United Kingdom and Ireland",
    "Northern Europe",
    "Western Europe",
    "Southern Europe",
    "Central and Eastern Europe",
    "Middle East and North Africa",
    "Africa south of the Sahara",
    "South and Central Asia",
    "East Asia",
    "Southeast Asia",
    "Australia",
    "New Zealand and the Pacific",
]


def add(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    for model, names in (("Interest", INTERESTS), ("Region", REGIONS)):
        apps.get_model("personals", model).objects.bulk_create(
            apps.get_model("personals", model)(name=name, slug=slugify(name), order=order)
            for order, name in enumerate(names)
        )


def remove(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("personals", "Interest").objects.all().delete()
    apps.get_model("personals", "Region").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("personals", "0001_initial")]

    operations = [migrations.RunPython(add, remove)]
