# Requests of psycopg, counted by the program: see run. Prints a line for each way: route, requests, statements.
#
# PGHOST, PGPORT, PGUSER and PGDATABASE tell the connection, POOL=1 that it is one of pgbouncer's in transaction mode.

import os
import uuid

import psycopg

POOL = os.environ.get('POOL') == '1'
REQUESTS = 12
QUERY = 'SELECT title FROM clips WHERE view_count >= %s LIMIT 1'
counted = {}


def connect():
    connection = psycopg.connect('', autocommit=True)
    if POOL:
        connection.prepare_threshold = None
    return connection


def traceparent():
    return '00-%s-%s-01' % (uuid.uuid4().hex, uuid.uuid4().hex[:16])


def count(route, statements):
    requests, all_statements = counted.get(route, (0, 0))
    counted[route] = (requests + 1, all_statements + statements)


# A request in a transaction, with a different number of statements each time.
def transaction(connection, number):
    with connection.transaction():
        connection.execute("SET LOCAL clipperf.route = '/exact/transaction'")
        for value in range(number):
            connection.execute(QUERY, (value,))
    count('/exact/transaction', number)


# A request whose statements say its trace, in transactions and out of them. What was prepared says nothing of later
# executions.
def comment(connection, number):
    text = QUERY + " /*route='/exact/comment',traceparent='" + traceparent() + "'*/"
    for value in range(number):
        connection.execute(text, (value,), prepare=False)
    with connection.transaction():
        connection.execute(text, (number,), prepare=False)
    count('/exact/comment', number + 1)


# A request whose trace is a setting, or the name of the application: of the session, in a pool of the transaction.
def setting(connection, number, name, route):
    local = 'LOCAL' if POOL else ''
    trace = traceparent()

    def run():
        connection.execute("SET %s clipperf.route = '%s'" % (local, route))
        connection.execute("SET %s %s = '%s'" % (local, name, trace))
        for value in range(number):
            connection.execute(QUERY, (value,))

    for _ in range(2):
        if POOL:
            with connection.transaction():
                run()
        else:
            run()
    if not POOL:
        connection.execute('RESET ' + name)
        connection.execute('RESET clipperf.route')
    count(route, 2 * number)


with connect() as first, connect() as second:
    for number in range(1, REQUESTS + 1):
        connection = second if number % 2 else first
        transaction(connection, number)
        comment(connection, number)
        setting(connection, number, 'clipperf.trace', '/exact/setting')
        setting(connection, number, 'application_name', '/exact/name')
for route in sorted(counted):
    print(route, *counted[route])
