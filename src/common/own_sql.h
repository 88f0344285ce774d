/*-------------------------------------------------------------------------
 *
 * own_sql.h
 *	  SQL on clipperf's own tables, whoever calls.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_OWN_SQL_H
#define CLIPPERF_OWN_SQL_H

#include "compat.h"

#include "executor/spi.h"

/* An argument of a statement. */
typedef struct SqlArg
{
	Oid			type;
	Datum		value;
	bool		isnull;
} SqlArg;

/* Schema of the extension in this database; NULL if it is not installed. */
extern char *own_schema(void);

/*
 * The OID of one of our tables; InvalidOid if it is not there.
 */
extern Oid	own_table(const char *name);

/*
 * Run a statement in which @extschema@ stands for our schema, as the owner of
 * our tables, with a safe search_path, and unobserved.
 */
extern void own_sql(const char *statement, int nargs, const SqlArg *args);

/* Let DROP EXTENSION wait for this transaction, or wait for it. */
extern void own_lock_extension(void);

/* Do our tables belong to a superuser, so that a worker may go by them? */
extern bool own_is_trusted(void);

/*
 * Run such a statement as the caller, with the caller's search_path: operators of the
 * statement say their schema, as who owns a schema of the path may have made others.
 */
extern void caller_sql(const char *statement, int nargs, const SqlArg *args);

/* Columns of row "row" of the last result; column counts from 1. */
extern bool own_isnull(int row, int column);
extern Datum own_datum(int row, int column);
extern char *own_string(int row, int column);	/* in text form, or NULL */

/* For argument lists. */
extern SqlArg arg_int8(int64 value);
extern SqlArg arg_int4(int32 value);
extern SqlArg arg_float8(double value);
extern SqlArg arg_oid(Oid value);	/* InvalidOid is NULL */
extern SqlArg arg_text(const char *value);	/* NULL is NULL */
extern SqlArg arg_bool(bool value);
extern SqlArg arg_datum(Oid type, Datum value, bool isnull);

#endif							/* CLIPPERF_OWN_SQL_H */
