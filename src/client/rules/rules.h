/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  clipperf rules: the objectives of endpoints, for monitoring systems.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_RULES_H
#define CLIENT_RULES_H

#include <stdio.h>

#include "memory.h"

/* An endpoint, and what it has to keep to; numbers as the server writes them, NULL = no objective. */
typedef struct EndpointObjectives
{
	const char *name;
	const char *measured;		/* span or database */
	const char *target_ms;
	const char *target_share;
	const char *slow_share;		/* that may be slow */
	const char *max_error_share;
	const char *well_share;		/* that may not fail */
	const char *min_requests_per_second;
	const char *min_bad;
} EndpointObjectives;

/* The endpoints of a database. */
typedef struct Objectives
{
	const char *database;
	EndpointObjectives *endpoints;
	int			count;
} Objectives;

/* One that may be missed by a share of the requests. */
typedef struct RatioObjective
{
	const char *name;			/* time or errors: the label of its metrics */
	const char *allowed;		/* share that may miss it */
	const char *target;			/* share that must not */
} RatioObjective;

/* Those of an endpoint, two at most; their number. */
extern int	ratio_objectives(const EndpointObjectives *endpoint, RatioObjective *objectives);

/* The name of a database, and that of an objective, of small letters, digits and hyphens; the latter added to "names". */
extern char *plain_name(const char *text);
extern char *objective_name(StringList *names, const EndpointObjectives *endpoint, const char *objective);

/* Writes a string of PromQL, in its quotes. */
extern void put_promql_string(FILE *out, const char *string);

/* Writes what chooses the series of an endpoint; objective NULL = those without that label. */
extern void put_selector(FILE *out, const Objectives *objectives, const EndpointObjectives *endpoint,
						 const char *objective);

/* The formats: functions of a Format. */
extern void put_rules_prometheus(FILE *out, const void *result);
extern void put_rules_openslo(FILE *out, const void *result);

/* Runs the command; returns the program's status. */
extern int	run_rules(int argc, char **argv);

#endif							/* CLIENT_RULES_H */
