/*-------------------------------------------------------------------------
 *
 * rewrite_parts.h
 *	  What the files of this room share: the child, and a rewrite under way.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REWRITE_PARTS_H
#define CLIPPERF_REWRITE_PARTS_H

#include "compat.h"

#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "profile/text/scan.h"
#include "store/pattern.h"

/* How the values of the child's parameters went from row to row. */
typedef struct RewriteValues
{
	int			count;			/* of the parameters; 0 = not known */
	uint32		varied;			/* bit n-1: $n did */
	Oid			types[PATTERN_PARAMETERS];	/* see PatternParameters */
	uint8		same_as[PATTERN_PARAMETERS];	/* lowest number that stands
												 * for the value of $n */
} RewriteValues;

/* The child of a loop, and what is known of the values it was run with. */
typedef struct RewriteChild
{
	const char *text;			/* with $n for all that varies */
	int			key;			/* number of the parameter that took the rows'
								 * values, 0 = not known */
	RewriteValues values;
	bool		repeats;		/* a key may come more than once in a loop */
	bool		normalized;		/* $n may stand for a literal in the text */
} RewriteChild;

/* A token of the child, and how many brackets it stands in. */
typedef struct PlacedToken
{
	Token		token;
	int			depth;
} PlacedToken;

/* Which statement takes the loop's place. */
typedef enum RewriteForm
{
	FORM_ANY,					/* the child with "= ANY (array)" */
	FORM_LATERAL,				/* a query for each row of arrays */
	FORM_JOIN,					/* UPDATE and DELETE joined with arrays */
	FORM_INSERT,				/* INSERT of the rows of arrays */
	FORM_MERGE					/* MERGE with them */
} RewriteForm;

/* What a parameter of the child becomes. */
typedef struct RewriteParameter
{
	bool		used;
	bool		varies;			/* it becomes a column of the arrays */
	int			same_as;		/* lowest number that stands for the same
								 * value */
	int			number;			/* in the new statement */
	Oid			type;
	const char *name;			/* of the column */
	bool		in_equality;	/* an AND-ed "column of the target = it" */
	bool		elsewhere;		/* in another condition, or twice in such */
	Oid			column_type;	/* of a column that it is compared with */
} RewriteParameter;

typedef struct Rewrite
{
	/* What is to be rewritten. */
	const RewriteChild *child;
	const char *text;			/* without single-element arrays */
	PlacedToken *tokens;
	int			ntokens;
	Query	   *query;			/* analysed */
	int			nparams;
	RewriteParameter params[PATTERN_PARAMETERS];

	/* How. */
	RewriteForm form;
	const char *alias;			/* of the rows of arrays */
	OpExpr	   *comparison;		/* FORM_ANY: what becomes "= ANY" */
	int			comparison_token;	/* .. the token of its parameter */
	bool		adds_keys;		/* the keys were put before its columns */
	bool		drops_limit;	/* FORM_ANY: a LIMIT that a key makes needless */

	/* What comes of it. */
	char	   *sql;
	const char *problem;		/* NULL = none */
} Rewrite;

/* rewrite_text.c */
extern void rewrite_scan(Rewrite *rewrite);
extern int	rewrite_find_word(const Rewrite *rewrite, int from, const char *word);
extern bool rewrite_is_word(const Rewrite *rewrite, int number, const char *word);
extern bool rewrite_is_symbol(const Rewrite *rewrite, int number, char symbol);
extern int	rewrite_closing(const Rewrite *rewrite, int open);
extern void rewrite_append(StringInfo sql, const Rewrite *rewrite, int from, int to);
extern const char *rewrite_type_name(Oid type);
extern void rewrite_append_arrays(StringInfo sql, const Rewrite *rewrite,
								  const char *alias, bool ordered);
extern void rewrite_append_keys(StringInfo sql, const Rewrite *rewrite);
extern void rewrite_strip_arrays(Rewrite *rewrite, Oid *types);

/* rewrite_facts.c */
extern bool rewrite_has_place(const Query *query);
extern bool rewrite_may_repeat(Oid relid, AttrNumber attno);
extern void rewrite_learn(Rewrite *rewrite);
extern bool rewrite_finds_comparison(Rewrite *rewrite);

/* rewrite_form.c */
extern void rewrite_write(Rewrite *rewrite);

/* rewrite_change.c */
extern const char *rewrite_change_problem(const Rewrite *rewrite);
extern void rewrite_write_join(Rewrite *rewrite);
extern void rewrite_write_insert(Rewrite *rewrite);
extern void rewrite_write_merge(Rewrite *rewrite);

/* rewrite_check.c */
extern bool rewrite_is_same(const Rewrite *rewrite, Query *written);

#endif							/* CLIPPERF_REWRITE_PARTS_H */
