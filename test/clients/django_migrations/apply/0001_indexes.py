from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL(
            "SELECT * FROM clipperf_apply(index_set => 'clipper', concurrently => false)",
            "SELECT clipperf_revert(job) FROM clipperf_jobs WHERE transactional AND state <> 'reverted'",
        )
    ]
