/*-------------------------------------------------------------------------
 *
 * recommendation.c
 *	  What clipperf_apply() and clipperf_migration() are asked to do.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs/recommendation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "common/own_sql.h"

/*
 * The columns that read_recommendation() reads, in its order.  An index for a
 * foreign key (source catalog) is judged by all that read the table, as the searches
 * for references that it serves are no statements of their own.
 */
#define RECOMMENDATION_COLUMNS(action) \
	"SELECT r.id, " action ", coalesce(r.relation::pg_catalog.oid, 0)," \
	" r.index_name, r.ddl, r.source, r.reason," \
	" coalesce(r.size_bytes, -1)," \
	" CASE WHEN r.source OPERATOR(pg_catalog.=) 'catalog' THEN '{}'" \
	" ELSE r.queryids END," \
	" coalesce(r.status OPERATOR(pg_catalog.<>) 'new', false)"

/* A row of the last result. */
static Recommendation *
read_recommendation(int row)
{
	Recommendation *recommendation = palloc0(sizeof(Recommendation));
	int			i = 1;

	recommendation->recommendation = own_isnull(row, i) ? 0 :
		DatumGetInt64(own_datum(row, i));
	i++;
	recommendation->action = own_string(row, i++);
	recommendation->relid = DatumGetObjectId(own_datum(row, i++));
	recommendation->index_name = own_string(row, i++);
	recommendation->ddl = own_string(row, i++);
	recommendation->source = own_string(row, i++);
	recommendation->reason = own_string(row, i++);
	recommendation->size_bytes = DatumGetInt64(own_datum(row, i++));
	recommendation->queryids = own_isnull(row, i) ? NULL :
		DatumGetArrayTypePCopy(own_datum(row, i));
	i++;
	recommendation->applied = DatumGetBool(own_datum(row, i));
	return recommendation;
}

/* All rows of the last result. */
static List *
read_recommendations(MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	List	   *recommendations = NIL;

	for (uint64 i = 0; i < SPI_processed; i++)
		recommendations = lappend(recommendations, read_recommendation((int) i));
	MemoryContextSwitchTo(old);
	return recommendations;
}

/* Is there one of this id in a list that is ordered by their ids? */
static bool
has_id(const List *recommendations, int64 id)
{
	int			low = 0;
	int			high = list_length(recommendations);

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const Recommendation *found = list_nth(recommendations, middle);

		if (found->recommendation == id)
			return true;
		if (found->recommendation < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Error 42704 if one of the ids was not found, 22004 if one is null. */
static void
require_all_ids(ArrayType *ids, List *recommendations)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(ids, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"ids\" must not contain nulls")));
		if (!has_id(recommendations, DatumGetInt64(elements[i])))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("recommendation %lld does not exist",
							(long long) DatumGetInt64(elements[i])),
					 errhint("The table clipperf_recommendations lists those of the last clipperf_recommend().")));
	}
}

/*
 * clipperf_recommend(index_set => $1), with all arguments and their types: other
 * functions of that name and place are no match then.  The values are the
 * defaults; what is unused matters to no index set.
 */
#define RECOMMEND_SET \
	"@extschema@.clipperf_recommend(NULL::pg_catalog.text, NULL::pg_catalog.int4," \
	" 0.01::pg_catalog.float8, $1::pg_catalog.text, NULL::pg_catalog.interval," \
	" NULL::pg_catalog.regprocedure[], 1::pg_catalog.int8," \
	" NULL::pg_catalog.timestamptz, NULL::pg_catalog.int8[]," \
	" NULL::pg_catalog.timestamptz)"

/*
 * The recommendations of these ids, or those for the index set, or the new
 * ones of the caller's own that create an index for what was observed if both
 * are NULL, unless its table is gone.  A row that stands for others brings those
 * that are new with it.  SPI is
 * connected; all is palloc'd in "context".  Error 42704 for an id that is not there.
 */
List *
recommendation_list(ArrayType *ids, const char *index_set, MemoryContext context)
{
	SqlArg		args[1];
	List	   *recommendations;

	if (ids != NULL && index_set != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot specify both \"ids\" and \"index_set\"")));
	if (index_set != NULL)
	{
		args[0] = arg_text(index_set);
		/* who names the set wants what no statement speaks against, too */
		caller_sql(RECOMMENDATION_COLUMNS("CASE WHEN r.action OPERATOR(pg_catalog.=) 'skip' AND r.ddl IS NOT NULL"
										  " THEN 'create' ELSE r.action END")
				   " FROM " RECOMMEND_SET " AS r"
				   " ORDER BY r.id", 1, args);
		return read_recommendations(context);
	}
	if (ids == NULL)
	{
		caller_sql(RECOMMENDATION_COLUMNS("r.action")
				   " FROM @extschema@.clipperf_recommendations AS r"
				   " WHERE r.status OPERATOR(pg_catalog.=) 'new'"
				   " AND r.action OPERATOR(pg_catalog.=) 'create' AND NOT r.for_statements"
				   " AND EXISTS (SELECT FROM pg_catalog.pg_class AS c"
				   " WHERE c.oid OPERATOR(pg_catalog.=) r.relation::pg_catalog.oid)"
				   " AND r.role OPERATOR(pg_catalog.=) pg_catalog.quote_ident(CURRENT_USER)::pg_catalog.regrole"
				   " ORDER BY r.id", 0, NULL);
		return read_recommendations(context);
	}
	args[0] = arg_datum(INT8ARRAYOID, PointerGetDatum(ids), false);
	caller_sql(RECOMMENDATION_COLUMNS("r.action")
			   " FROM @extschema@.clipperf_recommendations AS r"
			   " WHERE r.id OPERATOR(pg_catalog.=) ANY ($1)"
			   " OR r.alike OPERATOR(pg_catalog.=) ANY ($1)"
			   " AND r.status OPERATOR(pg_catalog.=) 'new'"
			   " ORDER BY r.id", 1, args);
	recommendations = read_recommendations(context);
	require_all_ids(ids, recommendations);
	return recommendations;
}
