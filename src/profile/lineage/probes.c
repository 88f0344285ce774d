/*-------------------------------------------------------------------------
 *
 * probes.c
 *	  What an execution looks up: literals of its text, and parameters.
 *
 * Literals are hashed when the text is analysed, and kept until its execution begins.
 * Belongs to one backend.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/probes.h"

#include "catalog/pg_type.h"

#include "hotpath.h"
#include "profile/statement/document.h"
#include "profile/statement/key_column.h"
#include "profile/statement/literal.h"
#include "profile/statement/value.h"

/*
 * Literals of the statement analysed last, whose queryid is probes_literals_of, until
 * its execution begins.
 */
typedef struct AnalyzedLiterals
{
	int			count;
	Probe		probes[COMPARISONS];
} AnalyzedLiterals;

static AnalyzedLiterals analyzed HOTPATH_DATA;
uint64		probes_literals_of HOTPATH_DATA = 0;

/* Those of a statement that is being planned. */
static AnalyzedLiterals set_aside;
static bool is_set_aside = false;

/*
 * Keep the hashes of a statement's literals as its text has them; false if they
 * cannot be read there.
 */
bool
probes_read_literals(const StatementInfo *info, const JumbleState *jumble,
					 const char *source)
{
	const LiteralPlaces *places = &info->literals;
	int64		values[COMPARISONS];

	if (places->count == 0 || !literal_read(places, jumble, source, values))
		return false;
	for (int i = 0; i < places->count; i++)
	{
		analyzed.probes[i].comparison = places->comparisons[i];
		analyzed.probes[i].hash = value_hash_integer(values[i]);
	}
	probes_literals_of = info->queryid;
	analyzed.count = places->count;
	return true;
}

/*
 * The hash of a value that is looked up; false if it is not followed.  A document that a
 * function has read from a table may be broken: it is not looked at.
 */
static inline bool
hash_sought(Oid type, Datum value, bool nested, uint64 *hash)
{
	return type == JSONBOID ? !nested && document_hash_single(value, hash) :
		value_hash(value_kind(type), value, hash);
}

/* Keep the hashes of a statement's literals as the analysed query has them. */
void
probes_keep_literals(uint64 queryid, const Comparisons *comparisons)
{
	probes_literals_of = queryid;
	analyzed.count = 0;
	for (int i = 0; i < comparisons->count; i++)
	{
		const Comparison *item = &comparisons->items[i];
		const Const *literal = item->literal;
		Probe	   *probe = &analyzed.probes[analyzed.count];

		if (literal == NULL)
			continue;
		if (item->is_array ?
			!value_hash_array(literal->consttype, literal->constvalue,
							  &probe->hash) :
			!hash_sought(literal->consttype, literal->constvalue, false, &probe->hash))
			continue;
		probe->comparison = *item;
		probe->comparison.literal = NULL;
		analyzed.count++;
	}
}

/*
 * The planner begins: the queries of functions that it takes into the statement are
 * analysed meanwhile.  False if the literals of another one are kept already.
 */
bool
probes_set_literals_aside(void)
{
	if (is_set_aside)
		return false;
	set_aside = analyzed;
	is_set_aside = true;
	return true;
}

/* The planner has ended, with an error or not, with a statement whose literals were kept. */
void
probes_restore_literals(uint64 queryid)
{
	is_set_aside = false;
	analyzed = set_aside;
	probes_literals_of = queryid;
}

/* A parameter, for which there is room; NULL if there is none, or it is null. */
static inline ParamExternData *
fetch_parameter(ParamListInfo params, int number, ParamExternData *workspace)
{
	ParamExternData *param;

	if (params == NULL || number > params->numParams)
		return NULL;
	if (params->paramFetch != NULL)
		param = params->paramFetch(params, number, false, workspace);
	else
		param = &params->params[number - 1];
	return param->isnull || !OidIsValid(param->ptype) ? NULL : param;
}

/* The hash of an array's only element, or of the one that another parameter tells. */
static bool
hash_element(ParamListInfo params, const Comparison *item, const ParamExternData *array,
			 uint64 *hash)
{
	ParamExternData workspace;
	const ParamExternData *subscript;

	if (item->subscript == 0)
		return value_hash_array(array->ptype, array->value, hash);
	subscript = fetch_parameter(params, item->subscript, &workspace);
	return subscript != NULL && subscript->ptype == INT4OID &&
		value_hash_element(array->ptype, array->value, DatumGetInt32(subscript->value), hash);
}

/*
 * The hash of a parameter, whose type is set, too; false if there is nothing
 * to look for.
 */
static bool
hash_parameter(ParamListInfo params, Comparison *item, bool nested, uint64 *hash)
{
	ParamExternData workspace;
	ParamExternData *param = fetch_parameter(params, item->parameter, &workspace);

	if (param == NULL)
		return false;
	if (item->is_array)
		return hash_element(params, item, param, hash);
	item->type = param->ptype;
	return hash_sought(param->ptype, param->value, nested, hash);
}

/* Add the parameters that are compared with columns; returns how many. */
static int
add_known_parameters(const StatementInfo *info, ParamListInfo params, bool nested,
					 Probe *probes)
{
	int			count = 0;

	for (int i = 0; i < info->nparameters; i++)
	{
		Probe	   *probe = &probes[count];

		probe->comparison = info->parameters[i];
		if (LISTS_ARE_MERGED && !merged_list_fit(&info->merged, params, &probe->comparison))
			continue;
		count += hash_parameter(params, &probe->comparison, nested, &probe->hash);
	}
	return count;
}

/*
 * The statement was analysed before we knew of it: take all parameters.  Not
 * of PL/pgSQL, where they are all variables of the function.  Returns how many.
 */
pg_attribute_cold static int
add_all_parameters(ParamListInfo params, bool nested, Probe *probes)
{
	int			count = 0;

	if (params == NULL || params->paramFetch != NULL)
		return 0;
	for (int i = 1; i <= Min(params->numParams, COMPARISONS); i++)
	{
		Probe	   *probe = &probes[count];

		memset(&probe->comparison, 0, sizeof(Comparison));
		probe->comparison.parameter = i;
		count += hash_parameter(params, &probe->comparison, nested, &probe->hash);
	}
	return count;
}

/*
 * Find out what the execution looks up; with "prefetch", the words of these values will
 * be read at its end.
 */
pg_attribute_hot void
probes_collect(Execution *execution, const StatementInfo *info, bool prefetch)
{
	ParamListInfo params = execution->query->params;
	bool		nested = execution->level > 0;
	Probe	   *probes = execution->probes.probes;
	int			count;

	count = likely(info->analyzed) ? add_known_parameters(info, params, nested, probes) :
		add_all_parameters(params, nested, probes);
	if (probes_literals_of == execution->queryid)
	{
		for (int i = 0; i < analyzed.count; i++)
			probes[count++] = analyzed.probes[i];
		probes_literals_of = 0;
	}
	/* Now, as nothing may be looked up in the catalogs when it ends. */
	for (int i = 0; i < count; i++)
	{
		const Comparison *item = &probes[i].comparison;

		if (OidIsValid(item->relid))
			probes[i].key = key_column_find(item->relid, item->attno);
		else
			memset(&probes[i].key, 0, sizeof(KeyColumn));
	}
	if (prefetch)
	{
		for (int i = 0; i < count; i++)
			resultset_prefetch(probes[i].hash);
	}
	execution->probes.count = count;
}
