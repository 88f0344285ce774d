"""Runs Django's migrations of one package of django_migrations: all of them, or back to where none is applied.

django_migrate.py NAME up|down. The connection comes from libpq's environment; MIGRATION_FILES names a directory with the
files that clipperf_migration() wrote.
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command

name, direction = sys.argv[1:]
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"]}},
    INSTALLED_APPS=["django_migrations"],
    MIGRATION_MODULES={"django_migrations": "django_migrations." + name},
    USE_TZ=False,
)
django.setup()
call_command("migrate", "django_migrations", *(["zero"] if direction == "down" else []), verbosity=0)
