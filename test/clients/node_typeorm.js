// Programs of TypeORM against Clipper's schema, lazy and eager.
//
// --list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
// The connection comes from libpq's environment; CLIPPER_IDS names a directory with ids as a request would bring them.
'use strict';

const programs = new Map();

function program(name, tables, run) {
  programs.set(name, { tables, run });
}

const uuid = { type: 'uuid', primary: true, generated: 'uuid' };

// Clipper's tables as TypeORM sees them.
function connect(EntitySchema, DataSource, max) {
  const one = (target, column) => ({ type: 'many-to-one', target, joinColumn: { name: column } });
  const many = (target, inverseSide) => ({ type: 'one-to-many', target, inverseSide });
  const entities = [
    new EntitySchema({ name: 'User', tableName: 'users', columns: { id: uuid, username: { type: String } } }),
    new EntitySchema({ name: 'Tag', tableName: 'tags', columns: { id: uuid, name: { type: String } } }),
    new EntitySchema({ name: 'Clip', tableName: 'clips',
      columns: { id: uuid, title: { type: String }, view_count: { type: Number }, vote_score: { type: Number },
        created_at: { type: 'timestamp' }, is_removed: { type: Boolean } },
      relations: { comments: many('Comment', 'clip'), votes: many('Vote', 'clip'),
        tags: { type: 'many-to-many', target: 'Tag', joinTable: { name: 'clip_tags',
          joinColumn: { name: 'clip_id' }, inverseJoinColumn: { name: 'tag_id' } } } } }),
    new EntitySchema({ name: 'Comment', tableName: 'comments',
      columns: { id: uuid, content: { type: String }, user_id: { type: 'uuid' }, clip_id: { type: 'uuid' },
        vote_score: { type: Number }, created_at: { type: 'timestamp' } },
      relations: { user: one('User', 'user_id'), clip: one('Clip', 'clip_id') } }),
    new EntitySchema({ name: 'Vote', tableName: 'votes',
      columns: { id: uuid, user_id: { type: 'uuid' }, clip_id: { type: 'uuid' }, vote_type: { type: Number } },
      relations: { clip: one('Clip', 'clip_id') } }),
  ];
  return new DataSource({ type: 'postgres', host: process.env.PGHOST, username: process.env.PGUSER,
    database: process.env.PGDATABASE, entities, poolSize: max }).initialize();
}

function ids(name, count) {
  const all = require('fs').readFileSync(`${process.env.CLIPPER_IDS}/${name}`, 'utf8').trim().split('\n');
  return Array.from({ length: count }, (_, i) => all[(i * 17) % all.length]);
}

const feed = (take) => ({ where: { is_removed: false }, order: { vote_score: 'DESC', created_at: 'DESC', id: 'ASC' }, take });
const newest = (take) => ({ order: { created_at: 'DESC', id: 'ASC' }, take });

// Row by row.
program('author_of_each_comment', ['users'], async (db) => {
  for (const comment of await db.getRepository('Comment').find(newest(40))) {
    await db.getRepository('User').findOneBy({ id: comment.user_id });
  }
});
program('authors_at_the_same_time', ['users'], async (db) => {
  const comments = await db.getRepository('Comment').find(newest(40));
  await Promise.all(comments.map((comment) => db.getRepository('User').findOneByOrFail({ id: comment.user_id })));
});
program('relation_of_each_clip', ['comments'], async (db) => {
  for (const clip of await db.getRepository('Clip').find(feed(25))) {
    await db.createQueryBuilder().relation('Clip', 'comments').of(clip).loadMany();
  }
});
program('tags_of_each_clip', ['clip_tags'], async (db) => {
  for (const clip of await db.getRepository('Clip').find(feed(25))) {
    await db.createQueryBuilder().relation('Clip', 'tags').of(clip).loadMany();
  }
});
program('count_of_votes_of_each_clip', ['votes'], async (db) => {
  for (const clip of await db.getRepository('Clip').find(feed(25))) {
    await db.getRepository('Vote').countBy({ clip_id: clip.id });
  }
});
program('clips_in_a_transaction', ['clips'], (db) => db.transaction(async (manager) => {
  const comments = await manager.find('Comment', newest(40));
  for (const id of new Set(comments.map((comment) => comment.clip_id))) await manager.findOne('Clip', { where: { id } });
}));
program('update_each_clip', ['clips'], async (db) => {
  for (const clip of await db.getRepository('Clip').find(feed(25))) {
    await db.getRepository('Clip').update(clip.id, { view_count: clip.view_count + 1 });
  }
});
program('raw_query_for_each_row', ['votes'], async (db) => {
  const [user] = ids('users', 1);
  for (const { id } of await db.query('SELECT id FROM clips ORDER BY vote_score DESC, id LIMIT 30')) {
    await db.query('SELECT vote_type FROM votes WHERE user_id = $1 AND clip_id = $2', [user, id]);
  }
});

// At once.
program('relations', [], (db) => db.getRepository('Comment').find({ ...newest(40), relations: { user: true } }));
program('relations_by_query', [], (db) => db.getRepository('Clip').find({ ...feed(25), relations: { comments: true, tags: true },
  relationLoadStrategy: 'query' }));
program('left_join_and_select', [], (db) => db.getRepository('Clip').createQueryBuilder('clip')
  .leftJoinAndSelect('clip.comments', 'comment').leftJoinAndSelect('comment.user', 'user')
  .orderBy('clip.vote_score', 'DESC').take(20).getMany());
program('by_ids', [], async (db) => {
  const { In } = require('typeorm');
  for (let page = 0; page < 8; page += 1) {
    const comments = await db.getRepository('Comment').find({ ...newest(20), skip: 20 * page });
    await db.getRepository('User').findBy({ id: In(comments.map((comment) => comment.user_id)) });
  }
});
program('requested_clips', [], async (db) => {
  for (const id of ids('clips', 40)) await db.getRepository('Clip').findOneBy({ id });
});
program('pages', [], async (db) => {
  for (let page = 0; page < 10; page += 1) await db.getRepository('Clip').findAndCount({ ...feed(20), skip: 20 * page });
});

if (process.argv[2] === '--list') {
  programs.forEach(({ tables }, name) => console.log(name, tables.join(',') || '-'));
} else {
  const { DataSource, EntitySchema } = require('typeorm');
  connect(EntitySchema, DataSource, 3)
    .then(async (db) => {
      await programs.get(process.argv[2]).run(db);
      await db.destroy();
    })
    .catch((error) => {
      console.error(error);
      process.exit(1);
    });
}
