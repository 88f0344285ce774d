/*-------------------------------------------------------------------------
 *
 * endpoint_rule.h
 *	  What of an endpoint's row must be known where requests are counted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ENDPOINT_RULE_H
#define CLIPPERF_ENDPOINT_RULE_H

#include "compat.h"

/* Bytes of all patterns of an endpoint, each with its terminating zero. */
#define ENDPOINT_PATTERN_BYTES 1024

/* Which time of a request is compared with the target. */
typedef enum EndpointTime
{
	ENDPOINT_SPAN,				/* first statement's start to last one's end */
	ENDPOINT_DATABASE			/* planning and execution */
} EndpointTime;

/* Compared as bytes: what is not used is zero. */
typedef struct EndpointRule
{
	char		name[NAMEDATALEN];
	int64		target_us;		/* longest time that is good; -1 = none is set */
	int64		most_statements;	/* 0 = none is set */
	Oid			dbid;			/* InvalidOid: the place is free */
	uint16		route_patterns; /* of patterns[], from the first one on */
	uint16		statement_patterns; /* that follow these */
	uint16		time;			/* EndpointTime */
	uint16		is_utf8;		/* 1 = patterns are UTF-8 */
	uint32		unused;
	char		patterns[ENDPOINT_PATTERN_BYTES];
} EndpointRule;

/* Add a pattern; false if there is no room for it. */
extern bool endpoint_rule_add_pattern(EndpointRule *rule, const char *pattern);

/* Bytes of all patterns, each with its zero. */
extern int	endpoint_rule_patterns_length(const EndpointRule *rule);

/* Does a route of this name belong to the endpoint, or a statement of this text? */
extern bool endpoint_rule_has_route(const EndpointRule *rule, const char *name);
extern bool endpoint_rule_has_statement(const EndpointRule *rule,
										const char *text);

/* Could this rule have been made here?  For what is read from a file. */
extern bool endpoint_rule_is_sound(const EndpointRule *rule);

#endif							/* CLIPPERF_ENDPOINT_RULE_H */
