// Programs of Sequelize, Knex, Objection and plain node-postgres against Clipper's schema, lazy and eager.
//
// --list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
// The connection comes from libpq's environment; CLIPPER_IDS names a directory with ids as a request would bring them.
'use strict';

const DataLoader = require('dataloader');
const { Pool } = require('pg');
const QueryStream = require('pg-query-stream');

const { ids, makeSequelize, makeKnex, makeObjection } = require('./node_models');

const programs = new Map();

function program(name, tables, run) {
  programs.set(name, { tables, run });
}

// Runs with Sequelize's models, a pool of so many connections.
function withSequelize(max, run) {
  return async () => {
    const models = makeSequelize(max);
    await run(models);
    await models.sequelize.close();
  };
}

// Runs with Knex and Objection's models.
function withKnex(max, run) {
  return async () => {
    const knex = makeKnex(max);
    await run(knex, makeObjection(knex));
    await knex.destroy();
  };
}

// Runs with a pool of node-postgres.
function withPool(max, run) {
  return async () => {
    const pool = new Pool({ max });
    await run(pool);
    await pool.end();
  };
}

const newest = { where: { is_removed: false }, order: [['created_at', 'DESC'], ['id', 'ASC']], limit: 40 };
const hot = { where: { is_removed: false }, order: [['vote_score', 'DESC'], ['id', 'ASC']], limit: 30 };

const hotClips = (knex, count) => knex('clips').where({ is_removed: false }).orderBy('vote_score', 'desc')
  .orderBy('id').limit(count);
const newestComments = (knex, count) => knex('comments').where({ is_removed: false }).orderBy('created_at', 'desc')
  .orderBy('id').limit(count);

// Lazy loading.

program('sequelize_author_of_each_comment', ['users'], withSequelize(5, async ({ Comment }) => {
  for (const comment of await Comment.findAll(newest)) await comment.getUser();
}));

program('sequelize_authors_with_promise_all', ['users'], withSequelize(5, async ({ Comment }) => {
  const comments = await Comment.findAll(newest);
  await Promise.all(comments.map((comment) => comment.getUser()));
}));

program('sequelize_tags_of_each_clip', ['clip_tags'], withSequelize(5, async ({ Clip }) => {
  for (const clip of await Clip.findAll(hot)) await clip.getTags();
}));

program('sequelize_vote_of_each_clip', ['votes'], withSequelize(5, async ({ Clip, Vote }) => {
  const [user] = ids('users', 1);
  for (const clip of await Clip.findAll(hot)) await Vote.findOne({ where: { user_id: user, clip_id: clip.id } });
}));

program('sequelize_save_each_in_a_transaction', ['clips'], withSequelize(5, async ({ sequelize, Clip }) => {
  await sequelize.transaction(async (transaction) => {
    for (const clip of await Clip.findAll({ ...hot, transaction })) await clip.increment('view_count', { transaction });
  });
}));

program('sequelize_two_levels', ['comments', 'users'], withSequelize(5, async ({ Clip }) => {
  for (const clip of await Clip.findAll({ order: [['comment_count', 'DESC'], ['id', 'ASC']], limit: 12 })) {
    for (const comment of await clip.getComments({ ...newest, limit: 8 })) await comment.getUser();
  }
}));

program('knex_author_of_each_comment', ['users'], withKnex(4, async (knex) => {
  for (const comment of await newestComments(knex, 40)) await knex('users').where({ id: comment.user_id }).first();
}));

program('knex_promise_all_over_a_pool', ['comments', 'votes'], withKnex(4, async (knex) => {
  const [user] = ids('users', 1);
  const clips = await hotClips(knex, 30);
  await Promise.all(clips.map(async (clip) => {
    await knex('comments').where({ clip_id: clip.id }).count();
    await knex('votes').where({ clip_id: clip.id, user_id: user }).first();
  }));
}));

program('knex_insert_each_in_a_transaction', ['favorites'], withKnex(4, async (knex) => {
  const user = ids('users', 3)[2];
  await knex('favorites').where({ user_id: user }).del();
  await knex.transaction(async (transaction) => {
    for (const clip of await hotClips(transaction, 25)) {
      await transaction('favorites').insert({ user_id: user, clip_id: clip.id });
    }
  });
}));

program('knex_author_of_some_comments', ['users'], withKnex(4, async (knex) => {
  let row = 0;
  for (const comment of await newestComments(knex, 80)) {
    row += 1;
    if (row % 3 === 0) await knex('users').where({ id: comment.user_id }).first();
  }
}));

program('objection_related_query', ['clip_tags'], withKnex(4, async (_, { Clip }) => {
  for (const clip of await hotClips(Clip.knex(), 30).then((rows) => rows.map((row) => Clip.fromJson(row)))) {
    await clip.$relatedQuery('tags');
  }
}));

program('objection_fetch_graph_one_by_one', ['users'], withKnex(4, async (_, { Comment }) => {
  const comments = await Comment.query().where({ is_removed: false }).orderBy('created_at', 'desc').orderBy('id').limit(40);
  for (const comment of comments) await comment.$fetchGraph('user');
}));

program('pg_named_statement', ['users'], withPool(1, async (pool) => {
  const { rows } = await pool.query('SELECT id, user_id FROM comments ORDER BY created_at DESC, id LIMIT 40');
  for (const row of rows) {
    await pool.query({ name: 'author', text: 'SELECT username FROM users WHERE id = $1', values: [row.user_id] });
  }
}));

program('pg_promise_all_over_a_pool', ['users'], withPool(4, async (pool) => {
  const { rows } = await pool.query('SELECT id, user_id FROM comments ORDER BY created_at DESC, id LIMIT 40');
  await Promise.all(rows.map((row) => pool.query('SELECT username FROM users WHERE id = $1', [row.user_id])));
}));

program('pg_stream_with_look_ups', ['users'], withPool(3, async (pool) => {
  const client = await pool.connect();
  const rows = client.query(new QueryStream('SELECT id, user_id FROM comments ORDER BY created_at DESC, id LIMIT 60', [],
    { batchSize: 20 }));
  for await (const row of rows) await pool.query('SELECT username FROM users WHERE id = $1', [row.user_id]);
  client.release();
}));

program('dataloader_awaited_one_by_one', ['users'], withPool(4, async (pool) => {
  const users = new DataLoader(async (keys) => {
    const { rows } = await pool.query('SELECT id, username FROM users WHERE id = ANY ($1)', [keys]);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return keys.map((key) => byId.get(key));
  });
  const { rows } = await pool.query('SELECT id, user_id FROM comments ORDER BY created_at DESC, id LIMIT 40');
  for (const row of rows) await users.load(row.user_id);
}));

// Eager loading, batches, and what else is none.

program('sequelize_include', [], withSequelize(5, async ({ Comment, User }) => {
  await Comment.findAll({ ...newest, include: [{ model: User, as: 'user' }] });
}));

program('sequelize_include_separate', [], withSequelize(5, async ({ Clip, Comment }) => {
  await Clip.findAll({ ...hot, include: [{ model: Comment, as: 'comments', separate: true }] });
}));

program('sequelize_where_in', [], withSequelize(5, async ({ Clip, Vote }) => {
  const [user] = ids('users', 1);
  const clips = await Clip.findAll(hot);
  await Vote.findAll({ where: { user_id: user, clip_id: clips.map((clip) => clip.id) } });
}));

program('sequelize_bulk_create', [], withSequelize(5, async ({ Clip, Vote }) => {
  const user = ids('users', 5)[4];
  await Vote.destroy({ where: { user_id: user } });
  const clips = await Clip.findAll(hot);
  await Vote.bulkCreate(clips.map((clip) => ({ user_id: user, clip_id: clip.id, vote_type: 1 })));
}));

program('sequelize_one_counter_again_and_again', [], withSequelize(5, async ({ Clip }) => {
  await Clip.findAll(hot);
  const [id] = ids('clips', 1);
  for (let i = 0; i < 40; i += 1) await Clip.increment('view_count', { where: { id } });
}));

program('sequelize_pages', [], withSequelize(5, async ({ Clip }) => {
  for (let page = 0; page < 10; page += 1) await Clip.findAndCountAll({ ...hot, offset: page * 30 });
}));

program('sequelize_logins', [], withSequelize(5, async ({ User }) => {
  for (const username of ids('usernames', 40)) {
    const user = await User.findOne({ where: { username } });
    await user.update({ last_login_at: new Date() });
  }
}));

program('knex_where_in', [], withKnex(4, async (knex) => {
  const comments = await newestComments(knex, 40);
  await knex('users').whereIn('id', comments.map((comment) => comment.user_id));
}));

program('knex_pages_of_where_in', [], withKnex(4, async (knex) => {
  for (let page = 0; page < 12; page += 1) {
    const comments = await newestComments(knex, 25).offset(page * 25);
    await knex('users').whereIn('id', comments.map((comment) => comment.user_id));
  }
}));

program('knex_join', [], withKnex(4, async (knex) => {
  await knex('comments').join('users', 'users.id', 'comments.user_id').where({ 'comments.is_removed': false })
    .select('comments.id', 'comments.content', 'users.username').orderBy('comments.created_at', 'desc').limit(40);
}));

program('knex_batch_insert', [], withKnex(4, async (knex) => {
  const user = ids('users', 6)[5];
  await knex('favorites').where({ user_id: user }).del();
  const clips = await hotClips(knex, 60);
  await knex.batchInsert('favorites', clips.map((clip) => ({ user_id: user, clip_id: clip.id })), 20);
}));

program('objection_graph_fetched', [], withKnex(4, async (_, { Clip }) => {
  await Clip.query().orderBy('vote_score', 'desc').limit(20).withGraphFetched('[tags, comments.user]');
}));

program('objection_graph_joined', [], withKnex(4, async (_, { Comment }) => {
  await Comment.query().withGraphJoined('user').orderBy('comments.created_at', 'desc').limit(40);
}));

program('dataloader_batches', [], withPool(4, async (pool) => {
  const users = new DataLoader(async (keys) => {
    const { rows } = await pool.query('SELECT id, username FROM users WHERE id = ANY ($1)', [keys]);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return keys.map((key) => byId.get(key));
  });
  for (let page = 0; page < 10; page += 1) {
    const { rows } = await pool.query('SELECT id, user_id FROM comments ORDER BY created_at DESC, id LIMIT 25 OFFSET $1',
      [page * 25]);
    await Promise.all(rows.map((row) => users.load(row.user_id)));
  }
}));

program('pg_dashboard', [], withPool(4, async (pool) => {
  const [user] = ids('users', 1);
  for (let i = 0; i < 10; i += 1) {
    await Promise.all(['votes', 'favorites', 'comments', 'notifications']
      .map((table) => pool.query(`SELECT count(*) FROM ${table} WHERE user_id = $1`, [user])));
  }
}));

program('pg_details_of_requested_clips', [], withPool(4, async (pool) => {
  const clips = ids('clips', 60);
  await Promise.all([0, 1, 2, 3].map(async (user) => {
    for (let i = user; i < clips.length; i += 4) {
      if (i % 5 === 0) await pool.query('SELECT id, title FROM clips ORDER BY vote_score DESC, id LIMIT 25');
      await pool.query({ name: 'clip', text: 'SELECT * FROM clips WHERE id = $1', values: [clips[i]] });
    }
  }));
}));

program('pg_pages_by_key', [], withPool(2, async (pool) => {
  let last = '00000000-0000-0000-0000-000000000000';
  for (let page = 0; page < 15; page += 1) {
    const { rows } = await pool.query('SELECT id, title FROM clips WHERE id > $1 ORDER BY id LIMIT 20', [last]);
    last = rows[rows.length - 1].id;
  }
}));

program('pg_stream_with_batches', [], withPool(3, async (pool) => {
  const client = await pool.connect();
  const stream = client.query(new QueryStream('SELECT id, user_id FROM comments ORDER BY created_at DESC, id LIMIT 200', [],
    { batchSize: 50 }));
  let batch = [];
  for await (const row of stream) {
    batch.push(row.user_id);
    if (batch.length === 50) {
      await pool.query('SELECT id, username FROM users WHERE id = ANY ($1)', [batch]);
      batch = [];
    }
  }
  client.release();
}));

program('pg_queue', [], withPool(2, async (pool) => {
  for (let i = 0; i < 8; i += 1) {
    const client = await pool.connect();
    await client.query('BEGIN');
    const { rows } = await client.query('SELECT id FROM notifications WHERE is_read = false ORDER BY created_at, id LIMIT 6 '
      + 'FOR UPDATE SKIP LOCKED');
    for (const row of rows) await client.query('UPDATE notifications SET is_read = true WHERE id = $1', [row.id]);
    await client.query('COMMIT');
    client.release();
  }
}));

if (process.argv[2] === '--list') {
  programs.forEach(({ tables }, name) => console.log(name, tables.sort().join(',') || '-'));
} else {
  programs.get(process.argv[2]).run().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
