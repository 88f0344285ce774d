/*-------------------------------------------------------------------------
 *
 * recommend_built.c
 *	  Which indexes were built since they were recommended.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include "common/own_sql.h"

/*
 * The indexes that are there under the name and on the table of a
 * recommendation to create one, as a list of BuiltIndex: they are younger than
 * that.
 */
List *
recommend_built(void)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *indexes = NIL;

	SPI_connect();
	own_sql("SELECT i.indexrelid, r.made_at"
			" FROM @extschema@.clipperf_recommendations AS r"
			" JOIN pg_catalog.pg_index AS i ON i.indrelid = r.relation AND i.indisvalid"
			" JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid AND c.relname = r.index_name"
			" WHERE r.action = 'create' ORDER BY i.indexrelid, r.made_at", 0, NULL);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		BuiltIndex *built = MemoryContextAlloc(context, sizeof(BuiltIndex));
		MemoryContext old = MemoryContextSwitchTo(context);

		built->indexoid = DatumGetObjectId(own_datum((int) row, 1));
		built->since = DatumGetTimestampTz(own_datum((int) row, 2));
		indexes = lappend(indexes, built);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return indexes;
}
