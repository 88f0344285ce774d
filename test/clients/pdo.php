<?php
// Programs of PDO against Clipper's schema, lazy and eager, as hand-written PHP has them.
//
// --list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
// The connection comes from libpq's environment; CLIPPER_IDS names a directory with ids as a request would bring them.

function connect(bool $emulated = false): PDO
{
    return new PDO('pgsql:host=' . getenv('PGHOST') . ';dbname=' . getenv('PGDATABASE'), getenv('PGUSER'), null, [
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_EMULATE_PREPARES => $emulated,
        PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
}

// Ids as they come with requests, in an order of their own.
function ids(string $name, int $count): array
{
    $all = file(getenv('CLIPPER_IDS') . "/$name", FILE_IGNORE_NEW_LINES);
    return array_map(fn ($i) => $all[$i * 13 % count($all)], range(0, $count - 1));
}

function rows(PDO $db, string $query, array $values = []): array
{
    $statement = $db->prepare($query);
    $statement->execute($values);
    return $statement->fetchAll();
}

const FEED = 'SELECT id, title, view_count FROM clips WHERE is_removed = false ORDER BY vote_score DESC, created_at DESC, id LIMIT ';
const NEWEST = 'SELECT id, user_id, clip_id, content FROM comments ORDER BY created_at DESC, id LIMIT ';

$programs = [
    // Row by row.
    'author_of_each_comment' => ['users', function () {
        $db = connect();
        $author = $db->prepare('SELECT username FROM users WHERE id = ?');
        foreach (rows($db, NEWEST . 40) as $comment) {
            $author->execute([$comment['user_id']]);
            $author->fetchAll();
        }
    }],
    'author_prepared_each_time' => ['users', function () {
        $db = connect();
        foreach (rows($db, NEWEST . 40) as $comment) {
            rows($db, 'SELECT username FROM users WHERE id = :id', ['id' => $comment['user_id']]);
        }
    }],
    'author_by_emulated_prepares' => ['users', function () {
        $db = connect(true);
        foreach (rows($db, NEWEST . 40) as $comment) {
            rows($db, 'SELECT username FROM users WHERE id = :id LIMIT 1', ['id' => $comment['user_id']]);
        }
    }],
    'author_by_quoted_literals' => ['users', function () {
        $db = connect();
        foreach (rows($db, NEWEST . 40) as $comment) {
            $db->query("SELECT username FROM users WHERE role <> 'bot' AND id = " . $db->quote($comment['user_id']))->fetchAll();
        }
    }],
    'votes_of_each_clip' => ['votes', function () {
        $db = connect();
        foreach (rows($db, FEED . 30) as $clip) {
            rows($db, 'SELECT count(*) FROM votes WHERE clip_id = ?', [$clip['id']]);
        }
    }],
    'tags_of_each_clip_on_two_connections' => ['clip_tags', function () {
        [$one, $other] = [connect(), connect()];
        foreach (rows($one, FEED . 30) as $clip) {
            rows($other, 'SELECT t.name FROM tags t JOIN clip_tags ct ON ct.tag_id = t.id WHERE ct.clip_id = ? ORDER BY t.name', [$clip['id']]);
        }
    }],
    'vote_and_favorite_of_each_clip' => ['favorites,votes', function () {
        $db = connect();
        [$user] = ids('users', 1);
        foreach (rows($db, FEED . 25) as $clip) {
            rows($db, 'SELECT vote_type FROM votes WHERE user_id = ? AND clip_id = ?', [$user, $clip['id']]);
            rows($db, 'SELECT 1 FROM favorites WHERE user_id = ? AND clip_id = ?', [$user, $clip['id']]);
        }
    }],
    'update_each_clip_in_a_transaction' => ['clips', function () {
        $db = connect();
        $db->beginTransaction();
        foreach (rows($db, FEED . 25) as $clip) {
            rows($db, 'UPDATE clips SET view_count = ? WHERE id = ?', [$clip['view_count'] + 1, $clip['id']]);
        }
        $db->commit();
    }],
    'two_levels' => ['comments,users', function () {
        $db = connect();
        foreach (rows($db, FEED . 12) as $clip) {
            foreach (rows($db, 'SELECT id, user_id FROM comments WHERE clip_id = ? ORDER BY created_at DESC LIMIT 8', [$clip['id']]) as $comment) {
                rows($db, 'SELECT username FROM users WHERE id = ?', [$comment['user_id']]);
            }
        }
    }],
    // At once.
    'authors_by_in' => ['-', function () {
        $db = connect();
        $keys = array_values(array_unique(array_column(rows($db, NEWEST . 40), 'user_id')));
        rows($db, 'SELECT id, username FROM users WHERE id IN (' . implode(',', array_fill(0, count($keys), '?')) . ')', $keys);
    }],
    'authors_by_any' => ['-', function () {
        $db = connect();
        for ($page = 0; $page < 10; $page++) {
            $keys = array_column(rows($db, NEWEST . 20 . ' OFFSET ' . 20 * $page), 'user_id');
            rows($db, 'SELECT id, username FROM users WHERE id = ANY (?::uuid[])', ['{' . implode(',', $keys) . '}']);
        }
    }],
    'a_join' => ['-', function () {
        $db = connect();
        for ($i = 0; $i < 20; $i++) {
            rows($db, 'SELECT c.id, u.username FROM comments c JOIN users u ON u.id = c.user_id ORDER BY c.created_at DESC LIMIT 40');
        }
    }],
    'requested_clips' => ['-', function () {
        $db = connect();
        foreach (ids('clips', 40) as $id) {
            rows($db, 'SELECT * FROM clips WHERE id = ?', [$id]);
        }
    }],
    'requested_clips_beside_a_feed' => ['-', function () {
        foreach (array_chunk(ids('clips', 30), 3) as $some) {
            $db = connect();
            rows($db, FEED . 25);
            foreach ($some as $id) {
                rows($db, 'SELECT * FROM clips WHERE id = ?', [$id]);
            }
        }
    }],
    'counters_of_a_user' => ['-', function () {
        $db = connect();
        [$user] = ids('users', 1);
        for ($i = 0; $i < 8; $i++) {
            foreach (['votes', 'favorites', 'comments'] as $table) {
                rows($db, "SELECT count(*) FROM $table WHERE user_id = ?", [$user]);
            }
        }
    }],
    'rows_in_one_insert' => ['-', function () {
        $db = connect();
        [, $user] = ids('users', 2);
        $keys = array_column(rows($db, FEED . 20), 'id');
        rows($db, 'INSERT INTO favorites (user_id, clip_id) SELECT ?, unnest(?::uuid[]) ON CONFLICT DO NOTHING', [$user, '{' . implode(',', $keys) . '}']);
    }],
];

if ($argv[1] === '--list') {
    foreach ($programs as $name => [$tables]) {
        echo "$name $tables\n";
    }
} else {
    $programs[$argv[1]][1]();
}
