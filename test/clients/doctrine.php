<?php
// Programs of Doctrine's ORM against Clipper's schema, lazy and eager.
//
// --list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
// The connection comes from libpq's environment; CLIPPER_IDS names a directory with ids as a request would bring them.

require 'Doctrine/ORM/autoload.php';

use Doctrine\Common\Collections\Collection;
use Doctrine\Common\Proxy\AbstractProxyFactory;
use Doctrine\ORM\EntityManager;
use Doctrine\ORM\Mapping as ORM;
use Doctrine\ORM\ORMSetup;
use Doctrine\ORM\Query;

#[ORM\Entity, ORM\Table(name: 'users')]
class User
{
    #[ORM\Id, ORM\Column(type: 'guid')] public string $id;
    #[ORM\Column] public string $username;
}

#[ORM\Entity, ORM\Table(name: 'tags')]
class Tag
{
    #[ORM\Id, ORM\Column(type: 'guid')] public string $id;
    #[ORM\Column] public string $name;
}

#[ORM\Entity, ORM\Table(name: 'clips')]
class Clip
{
    #[ORM\Id, ORM\Column(type: 'guid')] public string $id;
    #[ORM\Column] public string $title;
    #[ORM\Column(name: 'view_count')] public int $viewCount;
    #[ORM\Column(name: 'vote_score')] public int $voteScore;
    #[ORM\Column(name: 'created_at', type: 'datetime')] public DateTime $createdAt;
    #[ORM\Column(name: 'is_removed')] public bool $isRemoved;
    #[ORM\OneToMany(targetEntity: Comment::class, mappedBy: 'clip')] public Collection $comments;
    #[ORM\OneToMany(targetEntity: Vote::class, mappedBy: 'clip', fetch: 'EXTRA_LAZY')] public Collection $votes;
    #[ORM\ManyToMany(targetEntity: Tag::class)]
    #[ORM\JoinTable(name: 'clip_tags', joinColumns: [new ORM\JoinColumn(name: 'clip_id')], inverseJoinColumns: [new ORM\InverseJoinColumn(name: 'tag_id')])]
    public Collection $tags;
}

#[ORM\Entity, ORM\Table(name: 'comments')]
class Comment
{
    #[ORM\Id, ORM\Column(type: 'guid')] public string $id;
    #[ORM\Column] public string $content;
    #[ORM\Column(name: 'created_at', type: 'datetime')] public DateTime $createdAt;
    #[ORM\ManyToOne, ORM\JoinColumn(name: 'user_id')] public User $user;
    #[ORM\ManyToOne(inversedBy: 'comments'), ORM\JoinColumn(name: 'clip_id')] public Clip $clip;
}

#[ORM\Entity, ORM\Table(name: 'votes')]
class Vote
{
    #[ORM\Id, ORM\Column(type: 'guid')] public string $id;
    #[ORM\Column(name: 'vote_type', type: 'smallint')] public int $voteType;
    #[ORM\ManyToOne, ORM\JoinColumn(name: 'user_id')] public User $user;
    #[ORM\ManyToOne(inversedBy: 'votes'), ORM\JoinColumn(name: 'clip_id')] public Clip $clip;
}

function connect(): EntityManager
{
    $setup = ORMSetup::createAttributeMetadataConfiguration([__DIR__], true);
    $setup->setAutoGenerateProxyClasses(AbstractProxyFactory::AUTOGENERATE_EVAL);
    return EntityManager::create(['driver' => 'pdo_pgsql', 'host' => getenv('PGHOST'), 'port' => getenv('PGPORT'),
        'dbname' => getenv('PGDATABASE'), 'user' => getenv('PGUSER')], $setup);
}

// Ids as they come with requests, in an order of their own.
function ids(string $name, int $count): array
{
    $all = file(getenv('CLIPPER_IDS') . "/$name", FILE_IGNORE_NEW_LINES);
    return array_map(fn ($i) => $all[$i * 23 % count($all)], range(0, $count - 1));
}

function feed(EntityManager $db, int $limit, int $offset = 0): array
{
    return $db->getRepository(Clip::class)->findBy(['isRemoved' => false], ['voteScore' => 'DESC', 'createdAt' => 'DESC', 'id' => 'ASC'], $limit, $offset);
}

function newest(EntityManager $db, int $limit, int $offset = 0): array
{
    return $db->getRepository(Comment::class)->findBy([], ['createdAt' => 'DESC', 'id' => 'ASC'], $limit, $offset);
}

$programs = [
    // Row by row.
    'author_of_each_comment' => ['users', function (EntityManager $db) {
        foreach (newest($db, 40) as $comment) {
            strlen($comment->user->username);
        }
    }],
    'author_by_find' => ['users', function (EntityManager $db) {
        $rows = $db->createQuery('SELECT c.id, IDENTITY(c.user) AS author FROM Comment c ORDER BY c.createdAt DESC, c.id')->setMaxResults(40)->getArrayResult();
        foreach ($rows as $row) {
            $db->find(User::class, $row['author']);
        }
    }],
    'author_by_a_query' => ['users', function (EntityManager $db) {
        $author = $db->createQuery('SELECT u FROM User u WHERE u.id = :id');
        foreach (newest($db, 40) as $comment) {
            $author->setParameter('id', $db->getUnitOfWork()->getEntityIdentifier($comment->user)['id'])->getOneOrNullResult(Query::HYDRATE_ARRAY);
        }
    }],
    'comments_of_each_clip' => ['comments', function (EntityManager $db) {
        foreach (feed($db, 25) as $clip) {
            $clip->comments->toArray();
        }
    }],
    'tags_of_each_clip' => ['clip_tags', function (EntityManager $db) {
        foreach (feed($db, 25) as $clip) {
            $clip->tags->toArray();
        }
    }],
    'count_of_votes_of_each_clip' => ['votes', function (EntityManager $db) {
        foreach (feed($db, 25) as $clip) {
            $clip->votes->count();
        }
    }],
    'slice_of_votes_of_each_clip' => ['votes', function (EntityManager $db) {
        foreach (feed($db, 25) as $clip) {
            $clip->votes->slice(0, 3);
        }
    }],
    'flush_of_each_clip' => ['clips', function (EntityManager $db) {
        foreach (feed($db, 25) as $clip) {
            $clip->viewCount++;
        }
        $db->flush();
    }],
    'clips_in_a_transaction' => ['clips', function (EntityManager $db) {
        $db->wrapInTransaction(function (EntityManager $db) {
            foreach (newest($db, 40) as $comment) {
                strlen($comment->clip->title);
            }
        });
    }],
    'two_levels' => ['comments,users', function (EntityManager $db) {
        foreach (feed($db, 12) as $clip) {
            foreach ($clip->comments->toArray() as $comment) {
                strlen($comment->user->username);
            }
        }
    }],
    // At once.
    'fetch_join' => ['-', function (EntityManager $db) {
        for ($page = 0; $page < 8; $page++) {
            $db->createQuery('SELECT c, u FROM Comment c JOIN c.user u ORDER BY c.createdAt DESC, c.id')
                ->setMaxResults(20)->setFirstResult(20 * $page)->getResult();
        }
    }],
    'fetch_join_of_a_collection' => ['-', function (EntityManager $db) {
        for ($page = 0; $page < 8; $page++) {
            $ids = array_map(fn ($clip) => $clip->id, feed($db, 10, 10 * $page));
            $db->createQuery('SELECT c, m, u FROM Clip c LEFT JOIN c.comments m LEFT JOIN m.user u WHERE c.id IN (:ids)')->setParameter('ids', $ids)->getResult();
        }
    }],
    'eager_by_the_query' => ['-', function (EntityManager $db) {
        for ($page = 0; $page < 8; $page++) {
            $db->createQuery('SELECT c FROM Comment c ORDER BY c.createdAt DESC, c.id')
                ->setFetchMode(Comment::class, 'user', ORM\ClassMetadata::FETCH_EAGER)
                ->setMaxResults(20)->setFirstResult(20 * $page)->getResult();
            $db->clear();
        }
    }],
    'counts_in_one_query' => ['-', function (EntityManager $db) {
        $db->createQuery('SELECT c.id, (SELECT COUNT(v.id) FROM Vote v WHERE v.clip = c) AS votes FROM Clip c ORDER BY c.voteScore DESC, c.id')
            ->setMaxResults(25)->getArrayResult();
    }],
    'requested_clips' => ['-', function (EntityManager $db) {
        foreach (ids('clips', 40) as $id) {
            $db->find(Clip::class, $id);
        }
    }],
    'pages' => ['-', function (EntityManager $db) {
        for ($page = 0; $page < 10; $page++) {
            feed($db, 20, 20 * $page);
            $db->clear();
        }
    }],
];

if ($argv[1] === '--list') {
    foreach ($programs as $name => [$tables]) {
        echo "$name $tables\n";
    }
} else {
    $programs[$argv[1]][1](connect());
}
