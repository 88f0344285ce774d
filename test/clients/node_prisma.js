// Programs of Prisma against Clipper's schema, lazy and eager.
//
// --list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
// The connection comes from libpq's environment; CLIPPER_IDS names a directory with ids as a request would bring them.
'use strict';

const programs = new Map();

function program(name, tables, run) {
  programs.set(name, { tables, run });
}

function ids(name, count) {
  const all = require('fs').readFileSync(`${process.env.CLIPPER_IDS}/${name}`, 'utf8').trim().split('\n');
  return Array.from({ length: count }, (_, i) => all[(i * 19) % all.length]);
}

const feed = (take) => ({ where: { isRemoved: false }, orderBy: [{ voteScore: 'desc' }, { createdAt: 'desc' }, { id: 'asc' }], take });
const newest = (take) => ({ orderBy: [{ createdAt: 'desc' }, { id: 'asc' }], take });

// Row by row.
program('author_of_each_comment', ['users'], async (db) => {
  for (const comment of await db.comment.findMany(newest(40))) await db.user.findUnique({ where: { id: comment.userId } });
});
program('author_by_relation', ['comments', 'users'], async (db) => {
  for (const comment of await db.comment.findMany(newest(30))) {
    await db.comment.findUnique({ where: { id: comment.id } }).user();
  }
});
program('authors_at_the_same_time_by_find_first', ['users'], async (db) => {
  const comments = await db.comment.findMany(newest(40));
  await Promise.all(comments.map((comment) => db.user.findFirst({ where: { id: comment.userId } })));
});
program('comments_of_each_clip', ['comments'], async (db) => {
  for (const clip of await db.clip.findMany(feed(25))) await db.comment.findMany({ where: { clipId: clip.id }, ...newest(5) });
});
program('count_of_votes_of_each_clip', ['votes'], async (db) => {
  for (const clip of await db.clip.findMany(feed(25))) await db.vote.count({ where: { clipId: clip.id } });
});
program('vote_by_composite_key', ['votes'], async (db) => {
  const [userId] = ids('users', 1);
  for (const clip of await db.clip.findMany(feed(25))) {
    await db.vote.findUnique({ where: { userId_clipId: { userId, clipId: clip.id } } });
  }
});
program('sum_of_votes_of_each_clip', ['votes'], async (db) => {
  for (const clip of await db.clip.findMany({ ...feed(25), select: { id: true } })) {
    await db.vote.aggregate({ where: { clipId: clip.id }, _sum: { voteType: true } });
  }
});
program('clips_in_a_transaction', ['clips'], (db) => db.$transaction(async (tx) => {
  const comments = await tx.comment.findMany(newest(40));
  for (const id of new Set(comments.map((comment) => comment.clipId))) await tx.clip.findUniqueOrThrow({ where: { id } });
}, { timeout: 60000 }));
program('update_each_clip', ['clips'], async (db) => {
  for (const clip of await db.clip.findMany(feed(25))) {
    await db.clip.update({ where: { id: clip.id }, data: { viewCount: clip.viewCount + 1 } });
  }
});
program('raw_query_for_each_row', ['votes'], async (db) => {
  const [user] = ids('users', 1);
  for (const { id } of await db.$queryRaw`SELECT id FROM clips ORDER BY vote_score DESC, id LIMIT 30`) {
    await db.$queryRaw`SELECT vote_type FROM votes WHERE user_id = ${user}::uuid AND clip_id = ${id}::uuid`;
  }
});
program('two_levels', ['comments', 'users'], async (db) => {
  for (const clip of await db.clip.findMany(feed(12))) {
    for (const comment of await db.comment.findMany({ where: { clipId: clip.id }, ...newest(8) })) {
      await db.user.findUnique({ where: { id: comment.userId } });
    }
  }
});

// At once.
program('authors_at_the_same_time', [], async (db) => {
  for (let page = 0; page < 8; page += 1) {
    const comments = await db.comment.findMany({ ...newest(20), skip: 20 * page });
    await Promise.all(comments.map((comment) => db.user.findUnique({ where: { id: comment.userId } })));
  }
});
program('include', [], async (db) => {
  for (let page = 0; page < 8; page += 1) await db.comment.findMany({ ...newest(20), skip: 20 * page, include: { user: true } });
});
program('include_two_levels', [], async (db) => {
  for (let page = 0; page < 8; page += 1) {
    await db.clip.findMany({ ...feed(10), skip: 10 * page, include: { comments: { include: { user: true } }, tags: { include: { tag: true } } } });
  }
});
program('counts_of_relations', [], (db) => db.clip.findMany({ ...feed(25), include: { _count: { select: { votes: true, comments: true } } } }));
program('in_list', [], async (db) => {
  for (let page = 0; page < 8; page += 1) {
    const comments = await db.comment.findMany({ ...newest(20), skip: 20 * page });
    await db.user.findMany({ where: { id: { in: comments.map((comment) => comment.userId) } } });
  }
});
program('group_by', [], async (db) => {
  const clips = await db.clip.findMany(feed(25));
  await db.vote.groupBy({ by: ['clipId'], where: { clipId: { in: clips.map((clip) => clip.id) } }, _count: true });
});
program('requested_clips', [], async (db) => {
  for (const id of ids('clips', 40)) await db.clip.findUnique({ where: { id } });
});
program('pages', [], async (db) => {
  for (let page = 0; page < 10; page += 1) await db.$transaction([db.clip.findMany({ ...feed(20), skip: 20 * page }), db.clip.count()]);
});
program('rows_in_one_insert', [], async (db) => {
  const [, userId] = ids('users', 2);
  const clips = await db.clip.findMany(feed(20));
  await db.favorite.createMany({ data: clips.map((clip) => ({ userId, clipId: clip.id })), skipDuplicates: true });
});

if (process.argv[2] === '--list') {
  programs.forEach(({ tables }, name) => console.log(name, tables.join(',') || '-'));
} else {
  const { PrismaClient } = require('@prisma/client');
  const { PrismaPg } = require('@prisma/adapter-pg');
  const { PGHOST, PGUSER, PGDATABASE, PGPORT } = process.env;
  const db = new PrismaClient({ adapter: new PrismaPg({ host: PGHOST, port: Number(PGPORT), user: PGUSER, database: PGDATABASE, max: 3 }) });
  programs.get(process.argv[2]).run(db)
    .then(() => db.$disconnect())
    .catch((error) => {
      console.error(error);
      process.exit(1);
    });
}
