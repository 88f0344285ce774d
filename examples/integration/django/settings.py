"""Settings of the shop. The tests run in the database that libpq's environment names, and keep it for the check."""
import os

SECRET_KEY = "not needed here"
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "OPTIONS": {"application_name": "shop"},
        "TEST": {"NAME": os.environ.get("PGDATABASE", "test_shop")},
    }
}
