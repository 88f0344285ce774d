// Requests of node-postgres, counted by the program: see run. Prints a line for each way: route, requests, statements.
//
// PGHOST, PGPORT, PGUSER and PGDATABASE tell the connection, POOL=1 that it is one of pgbouncer's in transaction mode.

const crypto = require('crypto');
const { Client } = require('pg');

const pool = process.env.POOL === '1';
const requests = 12;
const query = 'SELECT title FROM clips WHERE view_count >= $1 LIMIT 1';
const counted = {};

function traceparent() {
    return `00-${crypto.randomBytes(16).toString('hex')}-${crypto.randomBytes(8).toString('hex')}-01`;
}

function count(route, statements) {
    const [all, allStatements] = counted[route] || [0, 0];
    counted[route] = [all + 1, allStatements + statements];
}

// A request in a transaction, with a different number of statements each time; named statements are prepared.
async function transaction(client, number) {
    await client.query('BEGIN');
    await client.query("SET LOCAL clipperf.route = '/exact/transaction'");
    for (let value = 0; value < number; value++)
        await client.query(pool ? { text: query, values: [value] } : { name: 'title', text: query, values: [value] });
    await client.query('COMMIT');
    count('/exact/transaction', number);
}

// A request whose statements say its trace, in transactions and out of them.
async function comment(client, number) {
    const text = `${query} /*route='/exact/comment',traceparent='${traceparent()}'*/`;
    for (let value = 0; value < number; value++)
        await client.query(text, [value]);
    await client.query('BEGIN');
    await client.query(text, [number]);
    await client.query('COMMIT');
    count('/exact/comment', number + 1);
}

// A request whose trace is a setting, or the name of the application: of the session, in a pool of the transaction.
async function setting(client, number, name, route) {
    const local = pool ? 'LOCAL' : '';
    const trace = traceparent();
    for (let part = 0; part < 2; part++) {
        if (pool)
            await client.query('BEGIN');
        await client.query(`SET ${local} clipperf.route = '${route}'`);
        await client.query(`SET ${local} ${name} = '${trace}'`);
        for (let value = 0; value < number; value++)
            await client.query(query, [value]);
        if (pool)
            await client.query('COMMIT');
    }
    if (!pool) {
        await client.query(`RESET ${name}`);
        await client.query('RESET clipperf.route');
    }
    count(route, 2 * number);
}

async function main() {
    const clients = [new Client(), new Client()];
    for (const client of clients)
        await client.connect();
    for (let number = 1; number <= requests; number++) {
        const client = clients[number % 2];
        await transaction(client, number);
        await comment(client, number);
        await setting(client, number, 'clipperf.trace', '/exact/setting');
        await setting(client, number, 'application_name', '/exact/name');
    }
    for (const client of clients)
        await client.end();
    for (const route of Object.keys(counted).sort())
        console.log(route, ...counted[route]);
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
