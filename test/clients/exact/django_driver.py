# Requests of Django's ORM, counted by Django itself: see run. Prints a line for each way: route, requests, statements.
#
# PGHOST, PGPORT, PGUSER and PGDATABASE tell the connection, POOL=1 that it is one of pgbouncer's in transaction mode.

import os
import sys
import uuid

import django
from django.conf import settings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
settings.configure(
    INSTALLED_APPS=['clipper'],
    DEFAULT_AUTO_FIELD='django.db.models.BigAutoField',
    DATABASES={'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': os.environ['PGDATABASE'],
                           'USER': os.environ['PGUSER'], 'HOST': os.environ['PGHOST'], 'PORT': os.environ['PGPORT'],
                           'DISABLE_SERVER_SIDE_CURSORS': True}})
django.setup()

from django.db import connection, transaction  # noqa: E402
from clipper.models import Clip  # noqa: E402

POOL = os.environ.get('POOL') == '1'
REQUESTS = 12
counted = {}


# What Django sends, but for what is no statement that counts.
class Count:
    def __init__(self, comment=''):
        self.comment = comment
        self.statements = 0

    def __call__(self, execute, sql, params, many, context):
        if sql.split()[0] == 'SELECT':
            self.statements += 1
        return execute(sql + self.comment, params, many, context)


def traceparent():
    return '00-%s-%s-01' % (uuid.uuid4().hex, uuid.uuid4().hex[:16])


def count(route, statements):
    requests, all_statements = counted.get(route, (0, 0))
    counted[route] = (requests + 1, all_statements + statements)


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


# What a page does: a list, then some of its entries.
def page(number):
    for clip in Clip.objects.order_by('id')[:number]:
        Clip.objects.get(pk=clip.pk)


def in_transaction(number):
    counter = Count()
    with connection.execute_wrapper(counter), transaction.atomic():
        execute("SET LOCAL clipperf.route = '/exact/transaction'")
        page(number)
    count('/exact/transaction', counter.statements)


def comment(number):
    counter = Count(" /*route='/exact/comment',traceparent='" + traceparent() + "'*/")
    with connection.execute_wrapper(counter):
        page(number)
        with transaction.atomic():
            page(1)
    count('/exact/comment', counter.statements)


def setting(number, name, route):
    local = 'LOCAL' if POOL else ''
    trace = traceparent()
    counter = Count()

    def run():
        execute("SET %s clipperf.route = '%s'" % (local, route))
        execute("SET %s %s = '%s'" % (local, name, trace))
        page(number)

    with connection.execute_wrapper(counter):
        for _ in range(2):
            if POOL:
                with transaction.atomic():
                    run()
            else:
                run()
        if not POOL:
            execute('RESET ' + name)
            execute('RESET clipperf.route')
    count(route, counter.statements)


for number in range(1, REQUESTS + 1):
    in_transaction(number)
    comment(number)
    setting(number, 'clipperf.trace', '/exact/setting')
    setting(number, 'application_name', '/exact/name')
connection.close()
for route in sorted(counted):
    print(route, *counted[route])
