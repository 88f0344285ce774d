/*-------------------------------------------------------------------------
 *
 * replay.c
 *	  "clipload replay": Clipper's users over a pool of connections.
 *
 *-------------------------------------------------------------------------
 */
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay.h"

/* The mix: 40 % feeds, 30 % clips and votes, 15 % search, 15 % comments, and
 * a few user pages on top. */
const Endpoint endpoints[] = {
	{"feed/hot", 11, feed_hot},
	{"feed/new", 8, feed_new},
	{"feed/top", 6, feed_top},
	{"feed/game", 4, feed_game},
	{"feed/broadcaster", 4, feed_broadcaster},
	{"feed/tag", 3, feed_tag},
	{"feed/language", 2, feed_language},
	{"feed/trending", 2, feed_trending},
	{"clip", 20, clip_detail},
	{"vote", 7, vote},
	{"favorite", 3, favorite},
	{"search", 15, search},
	{"comments", 6, comments_newest},
	{"comments/best", 4, comments_best},
	{"comments/latest", 1, comments_latest},
	{"comments/create", 4, create_comment},
	{"user", 3, user_page},
	{"notifications", 2, notifications},
};
const int	nendpoints = sizeof(endpoints) / sizeof(endpoints[0]);

/* Set by the signal handler. */
static volatile sig_atomic_t interrupted = 0;

enum
{
	OPT_CONNINFO = 256, OPT_USERS, OPT_POOL, OPT_SECONDS, OPT_REQUESTS, OPT_SEED, OPT_PROGRESS,
	OPT_PROTOCOL, OPT_THINK, OPT_TRACES, OPT_HELP
};

static const struct option options[] = {
	{"conninfo", required_argument, NULL, OPT_CONNINFO},
	{"users", required_argument, NULL, OPT_USERS},
	{"pool", required_argument, NULL, OPT_POOL},
	{"seconds", required_argument, NULL, OPT_SECONDS},
	{"requests", required_argument, NULL, OPT_REQUESTS},
	{"seed", required_argument, NULL, OPT_SEED},
	{"progress", required_argument, NULL, OPT_PROGRESS},
	{"protocol", required_argument, NULL, OPT_PROTOCOL},
	{"think-ms", required_argument, NULL, OPT_THINK},
	{"traces", no_argument, NULL, OPT_TRACES},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0}
};

static const char *const help =
"clipload replay behaves like Clipper's application under load.\n\n"
"Usage:\n  clipload replay --conninfo S [OPTION]...\n\n"
"Options:\n"
"  --conninfo S      connection string of a database with Clipper's data\n"
"  --users N         users at the same time (default 100)\n"
"  --pool M          connections that they share (default 8)\n"
"  --seconds T       how long (default 30)\n"
"  --requests N      end after about N requests, if that is earlier\n"
"  --think-ms X      mean time between a user's requests (default 300)\n"
"  --protocol P      prepared (default), extended or simple\n"
"  --traces          name each request's trace in its statements; not if they are prepared\n"
"  --progress S      print a line every S seconds (default 0: none)\n"
"  --seed N          seed of the random choices (default 1)\n"
"  --help            show this help\n";

/*
 * Take one option.
 */
static void
parse_option(Replay *replay, int option, const char *value)
{
	switch (option)
	{
		case OPT_CONNINFO:
			replay->conninfo = value;
			break;
		case OPT_USERS:
			replay->users = (int) parse_long("users", value, 1, 10000);
			break;
		case OPT_POOL:
			replay->pool_size = (int) parse_long("pool", value, 1, 1000);
			break;
		case OPT_SECONDS:
			replay->seconds = (int) parse_long("seconds", value, 1, INT_MAX);
			break;
		case OPT_REQUESTS:
			replay->max_requests = parse_long("requests", value, 1, LONG_MAX);
			break;
		case OPT_SEED:
			replay->seed = (uint64_t) parse_long("seed", value, 0, LONG_MAX);
			break;
		case OPT_PROGRESS:
			replay->progress = (int) parse_long("progress", value, 0, INT_MAX);
			break;
		case OPT_PROTOCOL:
			replay->protocol = parse_protocol(value);
			break;
		case OPT_THINK:
			replay->think_ms = parse_double("think-ms", value, 0, 3600000);
			break;
		case OPT_TRACES:
			replay->traces = true;
			break;
		case OPT_HELP:
			fputs(help, stdout);
			exit(0);
		default:
			die("try \"%s replay --help\"", PROGRAM_NAME);
	}
}

/*
 * Read the command line, or end the program.
 */
static void
parse_options(Replay *replay, int argc, char **argv)
{
	int			option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(replay, option, optarg);
	if (optind < argc)
		die("unexpected argument \"%s\"", argv[optind]);
	if (replay->conninfo == NULL)
		die("--conninfo is missing");
	if (replay->traces && replay->protocol == PROTOCOL_PREPARED)
		die("--traces needs --protocol extended or simple: the text of a prepared statement is sent once");
}

/*
 * End early, with the table.
 */
static void
handle_interrupt(int signal_number)
{
	(void) signal_number;
	interrupted = 1;
}

/*
 * Choose an endpoint by weight.
 */
static int
choose_endpoint(Session *session)
{
	int			total = 0;
	int			ticket;
	int			i;

	for (i = 0; i < nendpoints; i++)
		total += endpoints[i].weight;
	ticket = random_below(&session->random, total);
	for (i = 0; ticket >= endpoints[i].weight; i++)
		ticket -= endpoints[i].weight;
	return i;
}

/*
 * One request, measured as its user sees it, waits for a connection included.
 */
static void
run_request(Session *session)
{
	int			number = choose_endpoint(session);
	EndpointStats *stats = &session->stats[number];
	double		start = now_ms();

	session->endpoint = &endpoints[number];
	session->number = atomic_fetch_add(&session->replay->begun, 1) + 1;
	session->statements = 0;
	session->failed = false;
	session->endpoint->run(session);
	latencies_add(&stats->latencies, now_ms() - start);
	stats->statements += session->statements;
	stats->errors += session->failed;
	if (atomic_fetch_add(&session->replay->requests, 1) + 1 == session->replay->max_requests)
		atomic_store(&session->replay->stop, true);
}

/*
 * Think before the next request, exponentially distributed; wakes up soon
 * after the end of the run.
 */
static void
think(Session *session)
{
	double		until = now_ms() -
		log(1.0 - random_unit(&session->random)) * session->replay->think_ms;
	double		left;

	while ((left = until - now_ms()) > 0 && !atomic_load(&session->replay->stop))
		sleep_ms(left < 50 ? left : 50);
}

/*
 * What a user does; the thread's main function.
 */
static void *
user_main(void *argument)
{
	Session    *session = argument;
	Replay	   *replay = session->replay;

	session->user_id = popular(session, replay->catalogue.users);
	while (!atomic_load(&replay->stop))
	{
		think(session);
		if (!atomic_load(&replay->stop))
			run_request(session);
	}
	PQclear(session->last_feed);
	free(session->sql.data);
	return NULL;
}

/*
 * Print a line of progress: requests per second since the last one.
 */
static void
print_progress(Replay *replay, int second, long *last_requests)
{
	long		requests = atomic_load(&replay->requests);

	printf("%4d s: %.1f requests/s, %ld errors\n", second,
		   (double) (requests - *last_requests) / replay->progress,
		   atomic_load(&replay->errors));
	fflush(stdout);
	*last_requests = requests;
}

/*
 * Let the users work for the time given, or until enough is done, or until
 * interrupted.
 */
static void
wait_for_end(Replay *replay)
{
	double		start = now_ms();
	long		last_requests = 0;

	for (int second = 1; second <= replay->seconds && !interrupted; second++)
	{
		while (now_ms() < start + second * 1000.0 && !atomic_load(&replay->stop) && !interrupted)
			sleep_ms(20);
		if (atomic_load(&replay->stop))
			break;
		if (replay->progress > 0 && second % replay->progress == 0)
			print_progress(replay, second, &last_requests);
	}
	atomic_store(&replay->stop, true);
}

/*
 * Start all users, wait, and stop them.  Returns the seconds it took.
 */
static double
run_users(Replay *replay, Session *sessions)
{
	double		start = now_ms();

	for (int i = 0; i < replay->users; i++)
	{
		sessions[i].replay = replay;
		random_seed(&sessions[i].random, replay->seed * 1000003 + (uint64_t) i);
		if (pthread_create(&sessions[i].thread, NULL, user_main, &sessions[i]) != 0)
			die("could not start a thread");
	}
	wait_for_end(replay);
	for (int i = 0; i < replay->users; i++)
		pthread_join(sessions[i].thread, NULL);
	return (now_ms() - start) / 1000.0;
}

/*
 * One line of the table, from all users' figures; frees their latencies.
 */
static void
print_endpoint(const Replay *replay, Session *sessions, int number)
{
	EndpointStats sum = {0};
	size_t		requests;

	for (int i = 0; i < replay->users; i++)
	{
		EndpointStats *stats = &sessions[i].stats[number];

		latencies_merge(&sum.latencies, &stats->latencies);
		sum.statements += stats->statements;
		sum.errors += stats->errors;
		free(stats->latencies.ms);
	}
	latencies_sort(&sum.latencies);
	requests = sum.latencies.count;
	printf("%-18s %9zu %9.1f %9.1f %9.1f %15.1f %7ld\n", endpoints[number].name, requests,
		   latencies_quantile(&sum.latencies, 0.50), latencies_quantile(&sum.latencies, 0.95),
		   latencies_quantile(&sum.latencies, 0.99),
		   requests > 0 ? (double) sum.statements / requests : 0.0, sum.errors);
	free(sum.latencies.ms);
}

/*
 * The table at the end.
 */
static void
print_table(Replay *replay, Session *sessions, double seconds)
{
	printf("%-18s %9s %9s %9s %9s %15s %7s\n", "endpoint", "requests", "p50 ms", "p95 ms",
		   "p99 ms", "statements/req", "errors");
	for (int i = 0; i < nendpoints; i++)
		print_endpoint(replay, sessions, i);
	printf("%ld requests in %.1f s: %.1f requests/s, %ld errors\n",
		   atomic_load(&replay->requests), seconds,
		   atomic_load(&replay->requests) / seconds, atomic_load(&replay->errors));
}

/*
 * The mode's main program.  Status 1 when a request failed.
 */
int
replay_main(int argc, char **argv)
{
	Replay		replay = {.users = 100, .pool_size = 8, .seconds = 30, .think_ms = 300, .seed = 1};
	Session    *sessions;
	double		seconds;

	parse_options(&replay, argc, argv);
	catalogue_load(&replay);
	replay.pool = pool_open(replay.conninfo, replay.pool_size);
	sessions = must_alloc(replay.users * sizeof(Session));
	signal(SIGINT, handle_interrupt);
	signal(SIGTERM, handle_interrupt);
	seconds = run_users(&replay, sessions);
	print_table(&replay, sessions, seconds);
	pool_close(replay.pool);
	catalogue_free(&replay);
	free(sessions);
	return atomic_load(&replay.errors) > 0 ? 1 : 0;
}
