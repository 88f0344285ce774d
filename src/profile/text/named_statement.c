/*-------------------------------------------------------------------------
 *
 * named_statement.c
 *	  Statements of functions, whose parameters have names, with numbers.
 *
 * In PL/pgSQL and in SQL functions a statement names the function's variables
 * and arguments.  What stands for them after the analysis tells where each
 * name was, so that a number can be written in its place.
 *
 * Statements of functions are analysed once per session, so that the result
 * must be kept.  Belongs to one backend.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/text/named_statement.h"

#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "parser/scansup.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/*
 * Statements kept, bytes of all, where no more are begun to be kept, bytes of each,
 * and parameters of each, at most.
 */
#define MAX_STATEMENTS	1024
#define MAX_BYTES		(1024 * 1024)
#define MAX_TEXT		4096
#define MAX_NAMES		64

/* Names of parameters in a statement's text. */
typedef struct Names
{
	int			count;
	bool		unknown;		/* some cannot be told */
	const Param *params[MAX_NAMES];
} Names;

static HTAB *statements = NULL;
static MemoryContext memory = NULL;

/* Note a parameter, once for each place. */
static void
add_name(Names *names, const Param *param)
{
	for (int i = 0; i < names->count; i++)
		if (names->params[i]->location == param->location)
			return;
	if (param->location < 0 || names->count == MAX_NAMES)
		names->unknown = true;
	else
		names->params[names->count++] = param;
}

/* expression_tree_walker callback: finds all parameters. */
static bool
collect_names(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXTERN)
		add_name(arg, (Param *) node);
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, collect_names, arg, 0);
	return expression_tree_walker(node, collect_names, arg);
}

/* qsort callback: by place in the text. */
static int
compare_places(const void *a, const void *b)
{
	return (*(const Param *const *) a)->location -
		(*(const Param *const *) b)->location;
}

static bool
is_name_part(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == '$' || IS_HIGHBIT_SET(c);
}

/* The end of the word or quoted identifier at "at"; NULL if it is neither. */
static const char *
skip_identifier(const char *at)
{
	const char *end = at;

	if (*at == '"')
	{
		end = strchr(at + 1, '"');
		return end == NULL ? NULL : *++end == '"' ? NULL : end;
	}
	while (is_name_part(*end))
		end++;
	return end == at || (end[0] == '&' && end[1] == '"') ? NULL : end;
}

static const char *
skip_space(const char *at)
{
	while (scanner_isspace(*at))
		at++;
	return at;
}

/*
 * The end of the name at "at", such as "id", "new.id" or "$1"; NULL if it is
 * written in a way that we do not follow.
 */
static const char *
skip_name(const char *at)
{
	const char *end = skip_identifier(at);

	while (end != NULL && *skip_space(end) == '.')
		end = skip_identifier(skip_space(skip_space(end) + 1));
	return end;
}

/*
 * A statement of a source text with numbers for names, palloc'd; NULL if that
 * is not possible.
 */
static char *
number_names(const char *source, const Query *query, const Names *names)
{
	StringInfoData numbered;
	const char *from = skip_space(source + Max(query->stmt_location, 0));
	const char *end = query->stmt_len > 0 ?
		source + Max(query->stmt_location, 0) + query->stmt_len :
		from + strlen(from);

	if (end - from > MAX_TEXT)
		return NULL;
	initStringInfo(&numbered);
	for (int i = 0; i < names->count; i++)
	{
		const char *name = source + names->params[i]->location;
		const char *behind = name >= from && name < end ? skip_name(name) : NULL;

		if (behind == NULL || behind > end)
			return NULL;
		appendBinaryStringInfo(&numbered, from, name - from);
		appendStringInfo(&numbered, "$%d", i + 1);
		from = behind;
	}
	appendBinaryStringInfo(&numbered, from, end - from);
	return numbered.data;
}

/* Keep a statement whose text has been numbered. */
static void
keep(uint64 queryid, const char *text, const Names *names)
{
	char	   *copy = MemoryContextStrdup(memory, text);
	int		   *numbers = MemoryContextAlloc(memory, names->count * sizeof(int));
	NamedStatement *statement;

	for (int i = 0; i < names->count; i++)
		numbers[i] = names->params[i]->paramid;
	statement = hash_search(statements, &queryid, HASH_ENTER, NULL);
	statement->text = copy;
	statement->count = names->count;
	statement->numbers = numbers;
}

/* Make the table. */
static void
make_table(void)
{
	HASHCTL		info = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(NamedStatement)
	};

	if (memory == NULL)
		memory = AllocSetContextCreate(TopMemoryContext,
									   "clipperf named statements",
									   ALLOCSET_SMALL_SIZES);
	info.hcxt = memory;
	statements = hash_create("clipperf named statements", 64, &info,
							 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Can it be a statement of a function that is not just an expression? */
static bool
may_be_statement(const ParseState *pstate, const Query *query)
{
	return pstate->p_sourcetext != NULL && query->rtable != NIL &&
		query->commandType != CMD_UTILITY;
}

/* Number the names of a statement and keep its text, if there are any. */
void
named_statement_number(const ParseState *pstate, Query *query)
{
	Names		names = {0};
	char	   *text;

	if (!may_be_statement(pstate, query))
		return;
	if (statements == NULL)
		make_table();
	if (hash_get_num_entries(statements) >= MAX_STATEMENTS ||
		MemoryContextMemAllocated(memory, true) >= MAX_BYTES ||
		named_statement_find(query->queryId) != NULL)
		return;

	(void) collect_names((Node *) query, &names);
	if (names.unknown || names.count == 0)
		return;
	qsort(names.params, names.count, sizeof(Param *), compare_places);
	text = number_names(pstate->p_sourcetext, query, &names);

	if (text == NULL)
		return;
	keep(query->queryId, text, &names);
	pfree(text);
}

/* NULL unless it was remembered.  Lives as long as the backend. */
const NamedStatement *
named_statement_find(uint64 queryid)
{
	if (statements == NULL)
		return NULL;
	return hash_search(statements, &queryid, HASH_FIND, NULL);
}
