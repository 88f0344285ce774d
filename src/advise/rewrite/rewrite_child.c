/*-------------------------------------------------------------------------
 *
 * rewrite_child.c
 *	  One statement that does what a loop over a child statement does.
 *
 * What varied from row to row becomes a column of arrays, what did not stays a
 * parameter.  For each form that may do, in the order of their simplicity, the
 * child is analysed, the statement written (rewrite_form.c, rewrite_change.c),
 * analysed in turn, and compared with the child (rewrite_check.c), all as the
 * child's user in the sandbox; then it is planned.  What does not pass is not
 * shown.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/rewrite/rewrite_child.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"

#include "advise/workload/plan_trial.h"

/* Analyse a text of one statement with the types known; the others are guessed. */
static Query *
analyze_text(const char *text, const Oid *types, int ntypes, Oid **all, int *count)
{
	List	   *list = pg_parse_query(text);

	if (list_length(list) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("it is not one statement")));
	*all = palloc0(sizeof(Oid) * Max(ntypes, 1));
	*count = ntypes;
	if (ntypes > 0)
		memcpy(*all, types, sizeof(Oid) * ntypes);
	return parse_analyze_varparams(linitial(list), text, all, count, NULL);
}

/* Why a child cannot be rewritten at all, or NULL. */
static const char *
child_problem(const Rewrite *rewrite)
{
	const Query *query = rewrite->query;
	bool		varies = false;

	if (query->commandType == CMD_UTILITY || query->utilityStmt != NULL)
		return "it is no SELECT, INSERT, UPDATE, DELETE or MERGE";
	if (query->hasModifyingCTE)
		return "a part of it, in WITH, changes rows";
	if (rewrite->child->normalized && rewrite_has_place(query))
		return "it needs a constant that was replaced in its query text";
	for (int i = 0; i < rewrite->nparams; i++)
	{
		const RewriteParameter *param = &rewrite->params[i];

		if (!param->used || !param->varies)
			continue;
		varies = true;
		if (OidIsValid(get_base_element_type(param->type)))
			return "a value that varies is an array";
		if (!OidIsValid(get_array_type(param->type)))
			return "a value that varies has a type without arrays";
	}
	return varies ? NULL : "its values are the same each time: ask once, and keep the answer";
}

/* The types of the new statement's parameters. */
static Oid *
written_types(const Rewrite *rewrite, int *count)
{
	Oid		   *types = palloc0(sizeof(Oid) * PATTERN_PARAMETERS);

	*count = 0;
	for (int i = 0; i < rewrite->nparams; i++)
	{
		const RewriteParameter *param = &rewrite->params[i];

		if (!param->used || param->number == 0)
			continue;
		types[param->number - 1] = param->varies ?
			get_array_type(param->type) : param->type;
		*count = Max(*count, param->number);
	}
	return types;
}

/*
 * The types to analyse the child with: those of its parameters, and those that
 * its literals have by themselves, but for what is in quotes.
 */
static void
known_types(const Rewrite *rewrite, Oid *types)
{
	const RewriteValues *values = &rewrite->child->values;

	for (int i = 0; i < values->count; i++)
		types[i] = values->types[i] == UNKNOWNOID ? InvalidOid : values->types[i];
}

/* How wide a type of whole numbers, or one that holds them all, is beside the others; 0 for other types. */
static int
number_width(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return 1;
		case INT4OID:
			return 2;
		case INT8OID:
			return 3;
		case NUMERICOID:
			return 4;
		default:
			return 0;
	}
}

/*
 * A number that is written into a text is as narrow as it can be, as is one that a
 * driver sends as smallint since it fits; others that stand in its place may be
 * wider: take the width of the column that they are compared with.  True if a type
 * has changed.
 */
static bool
widen_types(const Rewrite *rewrite, Oid *types)
{
	bool		changed = false;

	for (int i = 0; i < rewrite->nparams; i++)
	{
		const RewriteParameter *param = &rewrite->params[i];

		if (number_width(types[i]) > 0 &&
			number_width(param->column_type) > number_width(types[i]))
		{
			types[i] = param->column_type;
			changed = true;
		}
	}
	return changed;
}

/* Analyse the child, and find out what its parameters are to it. */
static void
analyze_child(Rewrite *rewrite, Oid *types)
{
	int			count = rewrite->child->values.count;
	Oid		   *guessed;
	int			nguessed;

	memset(rewrite->params, 0, sizeof(rewrite->params));
	rewrite->query = analyze_text(rewrite->text, types, count, &guessed,
								  &nguessed);
	rewrite_learn(rewrite);
}

/* SandboxWork: write the child in one form, and check what was written. */
static void
try_form(void *arg)
{
	Rewrite    *rewrite = arg;
	Oid			known[PATTERN_PARAMETERS] = {0};
	Oid		   *types;
	int			ntypes;
	Oid		   *guessed;
	int			nguessed;

	rewrite_scan(rewrite);
	for (int i = 0; i < rewrite->ntokens; i++)
	{
		if (rewrite->tokens[i].token.parameter > PATTERN_PARAMETERS)
		{
			rewrite->problem = "it has too many parameters";
			return;
		}
	}
	known_types(rewrite, known);
	rewrite_strip_arrays(rewrite, known);
	analyze_child(rewrite, known);
	if (widen_types(rewrite, known))
		analyze_child(rewrite, known);
	rewrite->problem = child_problem(rewrite);
	if (rewrite->problem != NULL)
		return;
	rewrite_write(rewrite);
	if (rewrite->sql == NULL)
		return;
	types = written_types(rewrite, &ntypes);
	if (!rewrite_is_same(rewrite, analyze_text(rewrite->sql, types, ntypes,
											   &guessed, &nguessed)))
		rewrite->sql = NULL;
}

/* Plan what was written; returns what speaks against it, or NULL. */
static const char *
plan_problem(const Rewrite *rewrite, const Sandbox *sandbox)
{
	PlanTrial	trial = {.text = rewrite->sql};
	List	   *locked = NIL;

	trial.types = written_types(rewrite, &trial.nparams);
	plan_trial_run(&trial, sandbox, &locked);
	return trial.problem;
}

/* Is this form one for the child, by how its text begins? */
static bool
is_form_for(RewriteForm form, const char *text)
{
	Rewrite		scanned;
	bool		inserts;
	bool		merges;
	bool		changes;

	memset(&scanned, 0, sizeof(scanned));
	scanned.text = text;

	rewrite_scan(&scanned);
	inserts = rewrite_is_word(&scanned, 0, "insert");
	merges = rewrite_is_word(&scanned, 0, "merge");
	changes = rewrite_is_word(&scanned, 0, "update") ||
		rewrite_is_word(&scanned, 0, "delete");
	switch (form)
	{
		case FORM_ANY:
			return changes || rewrite_is_word(&scanned, 0, "select");
		case FORM_JOIN:
			return changes;
		case FORM_INSERT:
			return inserts;
		case FORM_MERGE:
			return merges;
		case FORM_LATERAL:
			return !changes && !inserts && !merges;
	}
	return false;
}

/*
 * The statement that takes arrays and does what the child did for each of their
 * rows: palloc'd, or NULL, and the reason in "problem".  It is analysed and
 * planned in the sandbox.  Throws only what sandbox_run() throws.
 */
char *
rewrite_child(const RewriteChild *child, const Sandbox *sandbox,
			  const char **problem)
{
	static const RewriteForm forms[] = {
		FORM_ANY, FORM_LATERAL, FORM_JOIN, FORM_INSERT, FORM_MERGE
	};

	*problem = "it is written in a way that is not rewritten";
	for (int i = 0; i < lengthof(forms); i++)
	{
		Rewrite		rewrite = {
			.child = child,
			.text = child->text,
			.form = forms[i]
		};
		ErrorData  *error;

		if (!is_form_for(forms[i], child->text))
			continue;
		error = sandbox_run(sandbox, try_form, &rewrite);
		if (error != NULL)
		{
			*problem = psprintf("it cannot be analysed with arrays: %s",
								error->message);
			continue;
		}
		if (rewrite.problem != NULL)
			*problem = rewrite.problem;
		if (rewrite.sql == NULL)
			continue;
		*problem = plan_problem(&rewrite, sandbox);
		if (*problem == NULL)
			return rewrite.sql;
	}
	return NULL;
}
