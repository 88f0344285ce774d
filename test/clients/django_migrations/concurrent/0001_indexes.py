import os
from pathlib import Path

from django.db import migrations

files = Path(os.environ["MIGRATION_FILES"])


def statements(name):
    return (files / name).read_text().split("-- statement-breakpoint\n")


class Migration(migrations.Migration):
    atomic = False
    operations = [migrations.RunSQL(statements("up_concurrently.sql"), statements("down_concurrently.sql"))]
