/*-------------------------------------------------------------------------
 *
 * index_def.h
 *	  What an index is, whether it exists or not.
 *
 * Definitions of existing indexes are read from the catalogs, others are built
 * key by key or parsed from a CREATE INDEX statement.  They can be compared
 * with each other, and written as SQL.
 *
 * All is allocated in the current memory context.  The table must be locked,
 * in any mode, as long as its definitions are used.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_DEF_H
#define CLIPPERF_INDEX_DEF_H

#include "compat.h"

#include "access/attnum.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

#define INDEX_DEF_KEYS INDEX_MAX_KEYS

typedef struct IndexKey
{
	AttrNumber	attno;			/* 0 = expression */
	Node	   *expr;			/* of an expression, varno 1, simplified as
								 * the planner does; else NULL */
	Node	   *written;		/* the expression as its author wrote it; NULL
								 * if nobody did */
	Oid			type;			/* of the key */
	Oid			collation;		/* InvalidOid if the type has none */
	Oid			opclass;
	Oid			opfamily;
	List	   *options;		/* DefElem: of the operator class */
	bool		descending;
	bool		nulls_first;
} IndexKey;

typedef struct IndexDefinition
{
	Oid			relid;
	Oid			indexoid;		/* InvalidOid: not built */
	char	   *name;			/* NULL: not named yet */
	Oid			am;				/* BTREE_AM_OID ... */
	bool		unique;
	bool		nulls_not_distinct;
	bool		valid;
	bool		immediate;		/* uniqueness is enforced row by row */
	bool		constraint;		/* backs one */
	bool		primary;
	bool		exclusion;		/* of an exclusion constraint */
	bool		referenced;		/* target of a foreign key */
	bool		replident;		/* replica identity of the table */
	bool		clustered;		/* what CLUSTER orders the table by */
	bool		partitioned;	/* has partitions */
	Oid			parent;			/* index it is a partition of, or InvalidOid */
	int			nkeys;
	IndexKey	keys[INDEX_DEF_KEYS];
	int			nincluded;
	AttrNumber	included[INDEX_DEF_KEYS];
	List	   *predicate;		/* implicitly ANDed, varno 1, simplified as
								 * the planner does; NIL */
	Node	   *written_predicate;	/* as its author wrote it; NULL if nobody
									 * did */
	List	   *options;		/* DefElem of String: storage parameters */
	int			fillfactor;		/* 0 = default */
	Oid			tablespace;		/* InvalidOid = the database's */
} IndexDefinition;

/* ------------------------------------------------------------------------
 * Making them (index_def.c, index_def_parse.c)
 * ------------------------------------------------------------------------ */

/* All indexes of a table, valid or not, in the order of their OIDs. */
extern List *index_def_existing(Oid relid);

/* One of them; NULL if there is no such index. */
extern IndexDefinition *index_def_of_index(Oid indexoid);

/* A definition without keys. */
extern IndexDefinition *index_def_make(Oid relid, Oid am);

/*
 * Add a column as the last key, with the default operator class of its type
 * and its own collation.
 */
extern void index_def_add_column(IndexDefinition *def, AttrNumber attno,
								 bool descending, bool nulls_first);

/* Add an expression as the last key; a bare column becomes one. */
extern void index_def_add_expr(IndexDefinition *def, Node *expr, Oid opclass,
							   Oid collation, bool descending, bool nulls_first);

/* Add an included column, unless it is there. */
extern void index_def_include(IndexDefinition *def, AttrNumber attno);

/* Set the storage parameters, and the fillfactor that is one of them. */
extern void index_def_set_options(IndexDefinition *def, List *options);

/* Exactly one CREATE INDEX statement; an error that says why otherwise. */
extern IndexDefinition *index_def_parse(const char *ddl);

/* The same for that table, by whatever name it goes now. */
extern IndexDefinition *index_def_parse_on(const char *ddl, Oid relid);

/* ------------------------------------------------------------------------
 * Comparing (index_def_compare.c)
 * ------------------------------------------------------------------------ */

/* Do both offer the same access paths, and enforce the same? */
extern bool index_def_equal(const IndexDefinition *a, const IndexDefinition *b);

/*
 * Is every use of "small" served by "big", by index conditions as good, in the
 * same order, from no more of the table's rows, and is no uniqueness lost?
 */
extern bool index_def_covers(const IndexDefinition *big,
							 const IndexDefinition *small);

/* Is it so, but for rows that only the predicate of "small" leaves out? */
extern bool index_def_covers_rows_apart(const IndexDefinition *big,
										const IndexDefinition *small);

/* Are two keys the same, and from the same side? */
extern bool index_def_same_key(const IndexKey *a, const IndexKey *b);

/* Are both the same in all that CREATE INDEX says, but for the name? */
extern bool index_def_identical(const IndexDefinition *a,
								const IndexDefinition *b);

/* The columns that it holds or asks about, a set of attribute numbers. */
extern Bitmapset *index_def_columns(const IndexDefinition *def);

/* Equal for equal definitions. */
extern uint64 index_def_hash(const IndexDefinition *def);

/*
 * Position of the first key, from "from" on, that has one value in all rows of
 * the index, because of its predicate; -1 if there is none.
 */
extern int	index_def_fixed_key(const IndexDefinition *def, int from);

/* A copy without that key. */
extern IndexDefinition *index_def_without_key(const IndexDefinition *def,
											  int position);

/* ------------------------------------------------------------------------
 * Trust (index_def_trust.c)
 * ------------------------------------------------------------------------ */

/* A function that it would run with rights that are not its owner's, or 0. */
extern Oid	index_def_stranger(const IndexDefinition *def);

/* ------------------------------------------------------------------------
 * Writing (index_def_text.c)
 * ------------------------------------------------------------------------ */

/* CREATE INDEX, which means the same under any search_path and settings. */
extern char *index_def_ddl(const IndexDefinition *def, bool concurrently,
						   bool if_not_exists);

/*
 * What pg_get_indexdef(oid, 0, true) says of the index once it is there, when
 * the search_path is empty and standard_conforming_strings on.
 */
extern char *index_def_catalog_text(const IndexDefinition *def);

/* DROP INDEX, CONCURRENTLY where that can be. */
extern char *index_def_drop_ddl(const IndexDefinition *def);

/* Its keys for people, as "(user_id, created_at DESC)". */
extern char *index_def_keys_text(const IndexDefinition *def);

/*
 * Equal for the same index of tables of one name in many schemas: the table's name
 * without its schema, and the keys.
 */
extern char *index_def_shape(const IndexDefinition *def);

/*
 * What would suffer without it, apart from plans, each as a text such as
 * 'unique constraint "tags_slug_key"'; NIL if nothing would.
 */
extern List *index_def_backs(const IndexDefinition *def);

/* ------------------------------------------------------------------------
 * Naming (index_def_name.c)
 * ------------------------------------------------------------------------ */

/* A free name for it: idx_<table>_<columns>[_<number>]. */
extern char *index_def_free_name(const IndexDefinition *def, List *taken);

/* ------------------------------------------------------------------------
 * Reading back what was written (index_def_check.c)
 * ------------------------------------------------------------------------ */

/*
 * The definition that its own text is, or NULL and *problem if that is another
 * one.
 */
extern IndexDefinition *index_def_as_written(const IndexDefinition *def,
											 char **problem);

#endif							/* CLIPPERF_INDEX_DEF_H */
