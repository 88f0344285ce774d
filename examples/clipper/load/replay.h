/*-------------------------------------------------------------------------
 *
 * replay.h
 *	  Clipper's application: users, what they ask for, and what it took.
 *
 * Locking: Replay is written before the users' threads start, but for its
 * atomic counters and "stop".  A Session belongs to one thread until that is
 * joined.
 *
 *-------------------------------------------------------------------------
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdatomic.h>

#include "clipload.h"

/* Rows on one page of a feed, and of comments. */
#define FEED_PAGE		"25"
#define COMMENT_PAGE	"50"

/* How many endpoints there can be. */
#define MAX_ENDPOINTS	24

struct Session;

/* A kind of request. */
typedef struct Endpoint
{
	const char *name;			/* also its route, after a slash */
	int			weight;			/* share of requests, in parts of all weights */
	void		(*run) (struct Session *session);
} Endpoint;

extern const Endpoint endpoints[];
extern const int nendpoints;

/* What the users choose from, the most popular first. */
typedef struct Catalogue
{
	PGresult   *users;
	PGresult   *clips;
	PGresult   *games;
	PGresult   *broadcasters;
	PGresult   *tags;
	PGresult   *languages;
	PGresult   *words;
	PGresult   *newest;			/* time of the newest clip */
} Catalogue;

/* The whole run. */
typedef struct Replay
{
	const char *conninfo;
	int			users;
	int			pool_size;
	int			seconds;
	long		max_requests;	/* 0: no limit */
	int			progress;		/* seconds between lines, 0: none */
	double		think_ms;		/* mean */
	uint64_t	seed;
	Protocol	protocol;
	bool		traces;			/* statements name the trace of their request */
	Pool	   *pool;
	Catalogue	catalogue;
	atomic_bool stop;
	atomic_long begun;			/* requests */
	atomic_long requests;		/* that have ended */
	atomic_long errors;
} Replay;

/* What the requests to one endpoint took. */
typedef struct EndpointStats
{
	Latencies	latencies;
	long		statements;
	long		errors;
} EndpointStats;

/* One user. */
typedef struct Session
{
	Replay	   *replay;
	pthread_t	thread;
	Random		random;
	const char *user_id;
	PGresult   *last_feed;		/* what the user sees and clicks on */
	EndpointStats stats[MAX_ENDPOINTS];
	/* the request that is running */
	const Endpoint *endpoint;
	long		number;			/* of all users' requests, from 1 on */
	Conn	   *held;			/* the transaction's connection, or NULL */
	Text		sql;
	int			statements;
	bool		failed;
} Session;

/* replay_session.c */
extern PGresult *query(Session *session, const char *sql, int count,...);
extern void command(Session *session, const char *sql, int count,...);
extern void begin(Session *session);
extern void commit(Session *session);
extern const char *popular(Session *session, const PGresult *items);
extern const char *value_of(const PGresult *rows, int row, int column);
extern char *array_of(const PGresult *rows, int column);
extern bool chance(Session *session, double probability);
extern void catalogue_load(Replay *replay);
extern void catalogue_free(Replay *replay);

/* replay_feed.c */
extern void feed_hot(Session *session);
extern void feed_new(Session *session);
extern void feed_top(Session *session);
extern void feed_game(Session *session);
extern void feed_broadcaster(Session *session);
extern void feed_tag(Session *session);
extern void feed_language(Session *session);
extern void feed_trending(Session *session);

/* replay_pages.c */
extern void clip_detail(Session *session);
extern void vote(Session *session);
extern void favorite(Session *session);
extern void search(Session *session);
extern void comments_newest(Session *session);
extern void comments_best(Session *session);
extern void comments_latest(Session *session);
extern void create_comment(Session *session);
extern void user_page(Session *session);
extern void notifications(Session *session);

#endif							/* REPLAY_H */
