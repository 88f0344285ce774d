from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL("SELECT * FROM clipperf_apply(index_set => 'clipper')"),
        migrations.RunSQL("SELECT 1 / 0"),
    ]
