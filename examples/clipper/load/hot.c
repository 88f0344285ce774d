/*-------------------------------------------------------------------------
 *
 * hot.c
 *	  "clipload hot": many users on pooled connections look up popular keys at
 *	  full speed, and now and then one of them lists something.
 *
 * Each user is a thread.  The settings are written before the threads start
 * and only read afterwards; a user's counters are his own until he is joined.
 *
 *-------------------------------------------------------------------------
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "clipload.h"

/* Most --lookup options. */
#define MAX_LOOKUPS		8

/* What the command line says, and the keys. */
typedef struct Hot
{
	const char *conninfo;
	const char *keys_sql;
	const char *lookups[MAX_LOOKUPS];
	int			nlookups;
	const char *list_sql;
	int			list_every;
	int			users;
	int			pool_size;
	int			lookups_per_user;
	bool		uniform;
	Oid			type;
	Protocol	protocol;
	uint64_t	seed;
	Pool	   *pool;
	PGresult   *keys;
} Hot;

/* One user. */
typedef struct HotUser
{
	const Hot  *hot;
	pthread_t	thread;
	Random		random;
	long		lookups;
	long		lists;
} HotUser;

enum
{
	OPT_CONNINFO = 256, OPT_KEYS, OPT_LOOKUP, OPT_LIST, OPT_LIST_EVERY, OPT_USERS,
	OPT_POOL, OPT_LOOKUPS, OPT_UNIFORM, OPT_TYPE, OPT_PROTOCOL, OPT_SEED, OPT_HELP
};

static const struct option options[] = {
	{"conninfo", required_argument, NULL, OPT_CONNINFO},
	{"keys", required_argument, NULL, OPT_KEYS},
	{"lookup", required_argument, NULL, OPT_LOOKUP},
	{"list", required_argument, NULL, OPT_LIST},
	{"list-every", required_argument, NULL, OPT_LIST_EVERY},
	{"users", required_argument, NULL, OPT_USERS},
	{"pool", required_argument, NULL, OPT_POOL},
	{"lookups", required_argument, NULL, OPT_LOOKUPS},
	{"uniform", no_argument, NULL, OPT_UNIFORM},
	{"type", required_argument, NULL, OPT_TYPE},
	{"protocol", required_argument, NULL, OPT_PROTOCOL},
	{"seed", required_argument, NULL, OPT_SEED},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0}
};

static const char *const help =
"clipload hot lets many users look up popular keys at full speed.\n\n"
"Usage:\n  clipload hot --conninfo S --keys SQL --lookup SQL [OPTION]...\n\n"
"Options:\n"
"  --conninfo S       connection string\n"
"  --keys SQL         statement whose first column holds the keys, most popular\n"
"                     first; run once at the start\n"
"  --lookup SQL       lookup of one key, $1; when given several times, all are\n"
"                     run for each key\n"
"  --list SQL         statement without parameters, run now and then\n"
"  --list-every N     how many lookups there are to a list (default 50)\n"
"  --users N          users at the same time (default 20)\n"
"  --pool M           connections that they share (default 4)\n"
"  --lookups N        keys that each user looks up (default 500)\n"
"  --uniform          all keys equally popular, instead of Zipf's law\n"
"  --type TYPE        declared type of $1 (default unknown)\n"
"  --protocol P       prepared (default), extended or simple\n"
"  --seed N           seed of the random choices (default 1)\n"
"  --help             show this help\n";

/*
 * --lookup
 */
static void
add_lookup(Hot *hot, const char *sql)
{
	if (hot->nlookups == MAX_LOOKUPS)
		die("--lookup may be given %d times at most", MAX_LOOKUPS);
	hot->lookups[hot->nlookups++] = sql;
}

/*
 * Take one option.
 */
static void
parse_option(Hot *hot, int option, const char *value)
{
	switch (option)
	{
		case OPT_CONNINFO:
			hot->conninfo = value;
			break;
		case OPT_KEYS:
			hot->keys_sql = value;
			break;
		case OPT_LOOKUP:
			add_lookup(hot, value);
			break;
		case OPT_LIST:
			hot->list_sql = value;
			break;
		case OPT_LIST_EVERY:
			hot->list_every = (int) parse_long("list-every", value, 1, INT_MAX);
			break;
		case OPT_USERS:
			hot->users = (int) parse_long("users", value, 1, 10000);
			break;
		case OPT_POOL:
			hot->pool_size = (int) parse_long("pool", value, 1, 1000);
			break;
		case OPT_LOOKUPS:
			hot->lookups_per_user = (int) parse_long("lookups", value, 1, INT_MAX);
			break;
		case OPT_UNIFORM:
			hot->uniform = true;
			break;
		case OPT_TYPE:
			hot->type = parse_type(value);
			break;
		case OPT_PROTOCOL:
			hot->protocol = parse_protocol(value);
			break;
		case OPT_SEED:
			hot->seed = (uint64_t) parse_long("seed", value, 0, LONG_MAX);
			break;
		case OPT_HELP:
			fputs(help, stdout);
			exit(0);
		default:
			die("try \"%s hot --help\"", PROGRAM_NAME);
	}
}

/*
 * Read the command line, or end the program.
 */
static void
parse_options(Hot *hot, int argc, char **argv)
{
	int			option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(hot, option, optarg);
	if (optind < argc)
		die("unexpected argument \"%s\"", argv[optind]);
	if (hot->conninfo == NULL || hot->keys_sql == NULL || hot->nlookups == 0)
		die("--conninfo, --keys and --lookup are needed");
}

/*
 * Run one statement over a connection that is taken for it alone.
 */
static void
run_statement(const Hot *hot, const char *sql, const Args *args)
{
	Conn	   *conn = pool_take(hot->pool);

	PQclear(must_exec(conn, hot->protocol, sql, args));
	pool_give(hot->pool, conn);
}

/*
 * Look up one popular key.
 */
static void
look_up(HotUser *user)
{
	const Hot  *hot = user->hot;
	int			keys = PQntuples(hot->keys);
	int			rank = hot->uniform ? random_below(&user->random, keys) :
		random_zipf(&user->random, keys);
	const char *value = PQgetvalue(hot->keys, rank, 0);
	Oid			type = hot->type;
	Args		args = {1, &value, &type};

	for (int i = 0; i < hot->nlookups; i++)
		run_statement(hot, hot->lookups[i], &args);
	user->lookups++;
}

/*
 * What a user does; the thread's main function.
 */
static void *
hot_user(void *argument)
{
	HotUser    *user = argument;
	const Hot  *hot = user->hot;
	Args		none = {0};

	for (int i = 0; i < hot->lookups_per_user; i++)
	{
		if (hot->list_sql != NULL && random_below(&user->random, hot->list_every) == 0)
		{
			run_statement(hot, hot->list_sql, &none);
			user->lists++;
		}
		look_up(user);
	}
	return NULL;
}

/*
 * Read the keys over a connection of its own.
 */
static void
read_keys(Hot *hot)
{
	Pool	   *pool = pool_open(hot->conninfo, 1);
	Args		none = {0};

	hot->keys = must_exec(&pool->conns[0], PROTOCOL_SIMPLE, hot->keys_sql, &none);
	if (PQntuples(hot->keys) == 0)
		die("--keys found none");
	pool_close(pool);
}

/*
 * Start all users and wait for them; adds their counters to the first one's.
 */
static void
run_users(const Hot *hot, HotUser *users)
{
	for (int i = 0; i < hot->users; i++)
	{
		users[i].hot = hot;
		random_seed(&users[i].random, hot->seed + (uint64_t) i);
		if (pthread_create(&users[i].thread, NULL, hot_user, &users[i]) != 0)
			die("could not start a thread");
	}
	for (int i = 0; i < hot->users; i++)
		pthread_join(users[i].thread, NULL);
	for (int i = 1; i < hot->users; i++)
	{
		users[0].lookups += users[i].lookups;
		users[0].lists += users[i].lists;
	}
}

/*
 * The mode's main program.
 */
int
hot_main(int argc, char **argv)
{
	Hot			hot = {.list_every = 50, .users = 20, .pool_size = 4,
	.lookups_per_user = 500, .seed = 1};
	HotUser    *users;
	double		start;
	double		seconds;

	parse_options(&hot, argc, argv);
	read_keys(&hot);
	hot.pool = pool_open(hot.conninfo, hot.pool_size);
	users = must_alloc(hot.users * sizeof(HotUser));
	start = now_ms();
	run_users(&hot, users);
	seconds = (now_ms() - start) / 1000.0;
	printf("lookups %ld, lists %ld, %.0f lookups/s\n", users[0].lookups, users[0].lists,
		   users[0].lookups / (seconds > 0 ? seconds : 1));
	pool_close(hot.pool);
	PQclear(hot.keys);
	free(users);
	return 0;
}
