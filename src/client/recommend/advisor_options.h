/*-------------------------------------------------------------------------
 *
 * advisor_options.h
 *	  The options of the commands that run the advisor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_ADVISOR_OPTIONS_H
#define CLIENT_ADVISOR_OPTIONS_H

#include "call.h"
#include "formats.h"

/* The options of the advisor, for getopt_long(). */
#define ADVISOR_LONG_OPTIONS \
	{"max-indexes", required_argument, NULL, OPTION_MAX_INDEXES}, \
	{"min-benefit", required_argument, NULL, OPTION_MIN_BENEFIT}, \
	{"storage-budget", required_argument, NULL, OPTION_STORAGE_BUDGET}, \
	{"time-limit", required_argument, NULL, OPTION_TIME_LIMIT}

enum
{
	OPTION_MAX_INDEXES = COMMON_OPTION_END,
	OPTION_MIN_BENEFIT,
	OPTION_STORAGE_BUDGET,
	OPTION_TIME_LIMIT,
	ADVISOR_OPTION_END
};

/*
 * The beginning of the query that calls the advisor.  It runs under the role's own search_path, where anybody may have
 * made operators: so these have their schema.
 */
#define ADVICE_COLUMNS \
	"SELECT a.*, pg_catalog.pg_size_pretty(a.size_bytes) AS size," \
	" (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)" \
	"  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace" \
	"  WHERE c.oid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid) AS full_name FROM "

/* The formats of what it says. */
extern const Format advice_formats[];

/* Takes an option of the advisor; false where it is none. */
extern bool take_advisor_option(int option, Call *call);

/* Prints the part of the help that is the same for these commands. */
extern void print_advisor_help(void);

#endif							/* CLIENT_ADVISOR_OPTIONS_H */
