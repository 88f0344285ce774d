// The tests of the shop, on the database that libpq's environment names.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Client } = require('pg');
const { spentIn } = require('./shop');

const client = new Client({ application_name: 'shop' });

before(async () => {
  await client.connect();
  await client.query(fs.readFileSync(path.join(__dirname, 'schema.sql'), 'utf8'));
});

after(() => client.end());

test('customers of a city with what they spent', async () => {
  const customers = await spentIn(client, 'city 7');

  assert.strictEqual(customers.length, 50);
  assert.ok(customers.every((customer) => customer.spent > 0));
});

test('a city without customers', async () => {
  assert.deepStrictEqual(await spentIn(client, 'nowhere'), []);
});
