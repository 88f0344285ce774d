import os
from pathlib import Path

from django.db import migrations

files = Path(os.environ["MIGRATION_FILES"])


class Migration(migrations.Migration):
    operations = [migrations.RunSQL((files / "up.sql").read_text(), (files / "down.sql").read_text())]
