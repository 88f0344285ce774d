/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Everything that differs between the PostgreSQL majors we support.
 *
 * No other file of this tree tests PG_VERSION_NUM.  Each shim names the major
 * that changed and what it changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_COMPAT_H
#define CLIPPERF_COMPAT_H

#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/planner.h"
#include "parser/analyze.h"
#include "storage/proc.h"
/* 16: moved. */
#if PG_VERSION_NUM >= 160000
#include "nodes/queryjumble.h"
#include "varatt.h"
#else
#include "utils/queryjumble.h"
#endif

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 200000
#error "clipperf supports PostgreSQL 15 to 19"
#endif

/*
 * 16: extension libraries are built with hidden visibility and PGDLLEXPORT
 * marks what is not hidden.  We build with hidden visibility everywhere, so
 * that none of our names can be taken for one of the server's.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

/*
 * All: libpq/libpq.h and libpq/auth.h need GSSAPI's headers, which the packages
 * of the server's headers do not bring along.  17: pq_buffer_has_data() was
 * replaced.
 */
struct Port;
typedef void (*ClientAuthentication_hook_type) (struct Port *, int);
extern PGDLLIMPORT ClientAuthentication_hook_type ClientAuthentication_hook;
extern void pq_startmsgread(void);
extern void pq_endmsgread(void);
extern bool pq_is_reading_msg(void);
extern int	pq_peekbyte(void);
#if PG_VERSION_NUM >= 170000
extern ssize_t pq_buffer_remaining_data(void);
#define INPUT_IS_BUFFERED() (pq_buffer_remaining_data() > 0)
#else
extern bool pq_buffer_has_data(void);
#define INPUT_IS_BUFFERED() pq_buffer_has_data()
#endif

/* 16: renamed. */
#if PG_VERSION_NUM >= 160000
#define LOCAL_BACKEND_STATUS(i) pgstat_get_local_beentry_by_index(i)
#else
#define LOCAL_BACKEND_STATUS(i) pgstat_fetch_stat_local_beentry(i)
#endif

/* 16: JumbleQuery takes the query only. */
#if PG_VERSION_NUM >= 160000
#define JUMBLE_QUERY(query, text) JumbleQuery(query)
#else
#define JUMBLE_QUERY(query, text) JumbleQuery(query, text)
#endif

/* 16: an update may be HOT whatever it changes of columns in a BRIN index. */
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_am_d.h"
#define INDEX_ENDS_HOT(am) ((am) != BRIN_AM_OID)
#else
#define INDEX_ENDS_HOT(am) true
#endif

/* 18: the module says its name and version. */
#if PG_VERSION_NUM >= 180000
#define CLIPPERF_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "clipperf", .version = CLIPPERF_VERSION)
#else
#define CLIPPERF_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 18: ExecutorRun lost its execute_once argument. */
#if PG_VERSION_NUM >= 180000
#define EXECUTOR_RUN_ARGS \
	QueryDesc *queryDesc, ScanDirection direction, uint64 count
#define EXECUTOR_RUN_PASS queryDesc, direction, count
#else
#define EXECUTOR_RUN_ARGS \
	QueryDesc *queryDesc, ScanDirection direction, uint64 count, \
	bool execute_once
#define EXECUTOR_RUN_PASS queryDesc, direction, count, execute_once
#endif

/* 19: planner_hook is handed the ExplainState of an EXPLAIN. */
#if PG_VERSION_NUM >= 190000
#define PLANNER_ARGS \
	Query *parse, const char *query_string, int cursorOptions, \
	ParamListInfo boundParams, ExplainState *es
#define PLANNER_PASS parse, query_string, cursorOptions, boundParams, es
#else
#define PLANNER_ARGS \
	Query *parse, const char *query_string, int cursorOptions, \
	ParamListInfo boundParams
#define PLANNER_PASS parse, query_string, cursorOptions, boundParams
#endif

/* 19: a B-tree that is read backward has the rows of a posting list backward, too. */
#if PG_VERSION_NUM >= 190000
#define POSTING_LISTS_ASCEND false
#else
#define POSTING_LISTS_ASCEND true
#endif

/* 19: the JumbleState handed to post_parse_analyze_hook became const. */
#if PG_VERSION_NUM >= 190000
#define POST_PARSE_ARGS ParseState *pstate, Query *query, const JumbleState *jstate
#else
#define POST_PARSE_ARGS ParseState *pstate, Query *query, JumbleState *jstate
#endif
#define POST_PARSE_PASS pstate, query, jstate

/*
 * 18: the elements of a list are one constant, as long as the list is; lists of
 * constants and parameters of any length have one queryid.
 */
#if PG_VERSION_NUM >= 180000
#define CONSTANT_IS_LIST(constant) ((constant)->squashed)
#define LISTS_ARE_MERGED true
#else
#define CONSTANT_IS_LIST(constant) false
#define LISTS_ARE_MERGED false
#endif

/* 18: what is grouped by is an entry of the range table. */
#if PG_VERSION_NUM >= 180000
#include "optimizer/optimizer.h"
#define FLATTEN_GROUP_EXPRS(query, node) flatten_group_exprs(NULL, query, node)
#else
#define FLATTEN_GROUP_EXPRS(query, node) (node)
#endif

/* 17: MyBackendId (from 1) became MyProcNumber (from 0). */
#if PG_VERSION_NUM >= 170000
#define MY_PROC_INDEX ((int) MyProcNumber)
#else
#define MY_PROC_INDEX ((int) MyProc->pgprocno)
#endif

/* 16: came with instr_time's change to 64-bit ticks. */
#if PG_VERSION_NUM < 160000
#define INSTR_TIME_GET_NANOSEC(t) \
	(((uint64) (t).tv_sec * UINT64CONST(1000000000)) + (uint64) (t).tv_nsec)
#endif

/* 19: what a plan node counts has a type of its own. */
#include "executor/instrument.h"
#if PG_VERSION_NUM >= 190000
typedef NodeInstrumentation PlanNodeCounters;
#define NODE_STARTED(counters) ((counters)->instr.starttime)
#define NODE_IS_TIMED(counters) ((counters)->instr.need_timer)
#define NODE_SECONDS(counters) INSTR_TIME_GET_DOUBLE((counters)->instr.total)
#define NODE_BUFFERS(counters) ((counters)->instr.bufusage)
#else
typedef Instrumentation PlanNodeCounters;
#define NODE_STARTED(counters) ((counters)->starttime)
#define NODE_IS_TIMED(counters) ((counters)->need_timer)
#define NODE_SECONDS(counters) ((counters)->total)
#define NODE_BUFFERS(counters) ((counters)->bufusage)
#endif

/* 19: a scan of a table has flags. */
#if PG_VERSION_NUM >= 190000
#define BEGIN_TABLE_SCAN(table, snapshot) table_beginscan(table, snapshot, 0, NULL, SO_NONE)
#else
#define BEGIN_TABLE_SCAN(table, snapshot) table_beginscan(table, snapshot, 0, NULL)
#endif

/* 16: a join that keeps rows of its inner side that have no partner; 18: that have one. */
#if PG_VERSION_NUM >= 160000
#define IS_RIGHT_ANTI_JOIN(type) ((type) == JOIN_RIGHT_ANTI)
#else
#define IS_RIGHT_ANTI_JOIN(type) false
#endif
#if PG_VERSION_NUM >= 180000
#define IS_RIGHT_SEMI_JOIN(type) ((type) == JOIN_RIGHT_SEMI)
#else
#define IS_RIGHT_SEMI_JOIN(type) false
#endif

/* 19: ShmemInitHash takes one size. */
#if PG_VERSION_NUM >= 190000
#define SHMEM_INIT_HASH(name, size, info, flags) \
	ShmemInitHash(name, size, info, flags)
#else
#define SHMEM_INIT_HASH(name, size, info, flags) \
	ShmemInitHash(name, size, size, info, flags)
#endif

/*
 * 19: standard_conforming_strings is always on, and the scanner's warning
 * about backslashes is gone.
 */
#if PG_VERSION_NUM >= 190000
#define SILENCE_SCANNER(extra) ((void) (extra))
#define STANDARD_STRINGS true
#else
#define SILENCE_SCANNER(extra) ((extra).escape_string_warning = false)
#define STANDARD_STRINGS standard_conforming_strings
#endif

/* 19: standard_planner is handed the ExplainState of an EXPLAIN. */
#if PG_VERSION_NUM >= 190000
#define STANDARD_PLANNER(query, text, options, params) \
	standard_planner(query, text, options, params, NULL)
#else
#define STANDARD_PLANNER(query, text, options, params) \
	standard_planner(query, text, options, params)
#endif

/*
 * 19: get_relation_info_hook became build_simple_rel_hook, which is called for
 * all that a FROM may name.
 */
#if PG_VERSION_NUM >= 190000
#include "optimizer/pathnode.h"
#define RELATION_INFO_HOOK build_simple_rel_hook
#define RELATION_INFO_ARGS \
	PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte
#define RELATION_INFO_PASS root, rel, rte
typedef build_simple_rel_hook_type relation_info_hook_type;
#else
#include "optimizer/plancat.h"
#define RELATION_INFO_HOOK get_relation_info_hook
#define RELATION_INFO_ARGS \
	PlannerInfo *root, Oid relid, bool inhparent, RelOptInfo *rel
#define RELATION_INFO_PASS root, relid, inhparent, rel
typedef get_relation_info_hook_type relation_info_hook_type;
#endif

/*
 * 16: rights that a query needs moved from its range table to a list of their
 * own.
 */
#if PG_VERSION_NUM >= 160000
#define CHECK_PLAN_RIGHTS(stmt) \
	ExecCheckPermissions((stmt)->rtable, (stmt)->permInfos, true)
#define ADD_RTE_PERMISSIONS(query, rte) \
	addRTEPermissionInfo(&(query)->rteperminfos, rte)
#else
#define CHECK_PLAN_RIGHTS(stmt) ExecCheckRTPerms((stmt)->rtable, true)
#define ADD_RTE_PERMISSIONS(query, rte) ((void) 0)
#endif

/* 16: so did the columns that a plan reads and writes. */
#if PG_VERSION_NUM >= 160000
typedef RTEPermissionInfo ColumnRights;
#define PLAN_COLUMN_RIGHTS(plan) ((plan)->permInfos)
#else
typedef RangeTblEntry ColumnRights;
#define PLAN_COLUMN_RIGHTS(plan) ((plan)->rtable)
#endif

/* 16: build_attrmap_by_name can be told to leave out what is missing. */
#if PG_VERSION_NUM >= 160000
#define BUILD_ATTRMAP(to, from) build_attrmap_by_name(to, from, false)
#else
#define BUILD_ATTRMAP(to, from) build_attrmap_by_name(to, from)
#endif

/* 18: a table's bitmap scan has one callback only. */
#if PG_VERSION_NUM >= 180000
#define TABLE_AM_SCANS_BITMAPS(rel) \
	((rel)->rd_tableam->scan_bitmap_next_tuple != NULL)
#else
#define TABLE_AM_SCANS_BITMAPS(rel) \
	((rel)->rd_tableam->scan_bitmap_next_block != NULL)
#endif

/* 16: makeIndexInfo takes "summarizing"; 18: and "withoutoverlaps". */
#if PG_VERSION_NUM >= 180000
#define MAKE_INDEX_INFO(natts, nkeys, am, exprs, predicate, unique) \
	makeIndexInfo(natts, nkeys, am, exprs, predicate, unique, false, true, \
				  false, false, false)
#elif PG_VERSION_NUM >= 160000
#define MAKE_INDEX_INFO(natts, nkeys, am, exprs, predicate, unique) \
	makeIndexInfo(natts, nkeys, am, exprs, predicate, unique, false, true, \
				  false, false)
#else
#define MAKE_INDEX_INFO(natts, nkeys, am, exprs, predicate, unique) \
	makeIndexInfo(natts, nkeys, am, exprs, predicate, unique, false, true, \
				  false)
#endif

/* 17: the statistics target of what is analysed left the column's row. */
#if PG_VERSION_NUM >= 170000
#define STATS_USE_DEFAULT_TARGET(stats) ((stats)->attstattarget = -1)
#else
#define STATS_USE_DEFAULT_TARGET(stats) \
	((stats)->attr = palloc0(ATTRIBUTE_FIXED_PART_SIZE), \
	 (stats)->attr->attstattarget = -1)
#endif

/* 19: scans are told more when they begin. */
#if PG_VERSION_NUM >= 190000
#define BEGIN_TIDRANGE_SCAN(rel, snapshot, first, last) \
	table_beginscan_tidrange(rel, snapshot, first, last, SO_NONE)
#else
#define BEGIN_TIDRANGE_SCAN(rel, snapshot, first, last) \
	table_beginscan_tidrange(rel, snapshot, first, last)
#endif

/* 19: a tuple descriptor is finished before it is used. */
#if PG_VERSION_NUM >= 190000
#define FINISH_TUPLE_DESC(desc) (TupleDescFinalize(desc), (desc))
#else
#define FINISH_TUPLE_DESC(desc) (desc)
#endif

/* 16: what a query may do to its tables is in a list of its own. */
#if PG_VERSION_NUM >= 160000
#define CHECK_QUERY_PERMISSIONS(query) \
	ExecCheckPermissions((query)->rtable, (query)->rteperminfos, true)
#else
#define CHECK_QUERY_PERMISSIONS(query) ExecCheckRTPerms((query)->rtable, true)
#endif

/* 19: caches have a type of their own. */
#if PG_VERSION_NUM >= 190000
#define SYSCACHE_CALLBACK_ARGS \
	Datum arg, SysCacheIdentifier cacheid, uint32 hashvalue
#else
#define SYSCACHE_CALLBACK_ARGS Datum arg, int cacheid, uint32 hashvalue
#endif

/* 16: columns carry the outer joins that may make them null. */
#if PG_VERSION_NUM >= 160000
#define WITHOUT_NULLING_RELS(node, root) \
	remove_nulling_relids((node), (root)->outer_join_rels, NULL)
#else
#define WITHOUT_NULLING_RELS(node, root) ((Node *) (node))
#endif

/*
 * 18: what a collation is like is asked of its pg_locale_t.  All: its header
 * needs ICU's, which the packages of the server's headers do not bring along,
 * for members that we do not use.
 */
#pragma push_macro("USE_ICU")
#undef USE_ICU
#include "utils/pg_locale.h"
#pragma pop_macro("USE_ICU")
#if PG_VERSION_NUM >= 180000
#define COLLATION_IS_C(collation) \
	(OidIsValid(collation) && \
	 pg_newlocale_from_collation(collation)->collate_is_c)
#else
#define COLLATION_IS_C(collation) lc_collate_is_c(collation)
#endif

/* 17: LockHeldByMe can be asked for stronger locks as well. */
#include "storage/lock.h"
#if PG_VERSION_NUM >= 170000
#define LOCK_HELD_BY_ME(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define LOCK_HELD_BY_ME(tag, mode) LockHeldByMe(tag, mode)
#endif

/* 19: signal handlers are told more about the signal. */
#if PG_VERSION_NUM >= 190000
#define SIGNAL_PASS postgres_signal_arg, pg_siginfo
#else
#define SIGNAL_PASS postgres_signal_arg
#endif

/* 18: the direction of a PathKey is a CompareType. */
#if PG_VERSION_NUM >= 180000
#define PATHKEY_IS_DESCENDING(pathkey) ((pathkey)->pk_cmptype == COMPARE_GT)
#else
#define PATHKEY_IS_DESCENDING(pathkey) \
	((pathkey)->pk_strategy == BTGreaterStrategyNumber)
#endif

/* 16: one function for the owners and the rights of all kinds of object. */
#if PG_VERSION_NUM >= 160000
#define RELATION_OWNERCHECK(relid, role) \
	object_ownercheck(RelationRelationId, relid, role)
#define DATABASE_OWNERCHECK(dbid, role) \
	object_ownercheck(DatabaseRelationId, dbid, role)
#define NAMESPACE_ACLCHECK(schema, role, mode) \
	object_aclcheck(NamespaceRelationId, schema, role, mode)
#define TABLESPACE_ACLCHECK(tablespace, role, mode) \
	object_aclcheck(TableSpaceRelationId, tablespace, role, mode)
#else
#define RELATION_OWNERCHECK(relid, role) pg_class_ownercheck(relid, role)
#define DATABASE_OWNERCHECK(dbid, role) pg_database_ownercheck(dbid, role)
#define NAMESPACE_ACLCHECK(schema, role, mode) \
	pg_namespace_aclcheck(schema, role, mode)
#define TABLESPACE_ACLCHECK(tablespace, role, mode) \
	pg_tablespace_aclcheck(tablespace, role, mode)
#endif

/* 17: backends are known by their process numbers. */
#if PG_VERSION_NUM >= 170000
#define VXID_OWNER(vxid) ((vxid).procNumber)
#define VXID_GET_PROC(vxid) ProcNumberGetProc(VXID_OWNER(vxid))
#else
#define VXID_OWNER(vxid) ((vxid).backendId)
#define VXID_GET_PROC(vxid) BackendIdGetProc(VXID_OWNER(vxid))
#endif

/* 15.4, 16: DROP DATABASE that was interrupted leaves a mark. */
#include "catalog/pg_database.h"
#ifdef DATCONNLIMIT_INVALID_DB
#define DATABASE_IS_INVALID(form) database_is_invalid_form(form)
#else
#define DATABASE_IS_INVALID(form) false
#endif

/* 18: PortalRun lost its run_once argument. */
#if PG_VERSION_NUM >= 180000
#define PORTAL_RUN(portal, dest) \
	PortalRun(portal, FETCH_ALL, true, dest, dest, NULL)
#else
#define PORTAL_RUN(portal, dest) \
	PortalRun(portal, FETCH_ALL, true, true, dest, dest, NULL)
#endif

/*
 * 16: the time of an index's last scan is known.  Before, any scan may have
 * been the day before yesterday.
 */
#if PG_VERSION_NUM >= 160000
#define INDEX_SCANNED_AFTER(entry, since) ((entry)->lastscan >= (since))
#else
#define INDEX_SCANNED_AFTER(entry, since) true
#endif

/* 17: what MERGE compares its rows by stands apart. */
#if PG_VERSION_NUM >= 170000
#define MERGE_CONDITION(query) ((query)->mergeJoinCondition)
#else
#define MERGE_CONDITION(query) NULL
#endif

/*
 * A lock that is not waited for, and whose want of memory raises nothing.  18:
 * the server can log that it was not to be had.
 */
#if PG_VERSION_NUM >= 180000
#define LOCK_AT_ONCE(tag, mode, lock) \
	LockAcquireExtended(tag, mode, false, true, false, lock, false)
#else
#define LOCK_AT_ONCE(tag, mode, lock) \
	LockAcquireExtended(tag, mode, false, true, false, lock)
#endif

/*
 * 18: how an operator compares is told of all kinds of indexes, by a CompareType,
 * whose numbers are those of the strategies of a B-tree.
 */
#include "utils/lsyscache.h"
#if PG_VERSION_NUM >= 180000
#define OP_INTERPRETATIONS(operator) get_op_index_interpretation(operator)
#define OP_STRATEGY(interpretation) \
	((int) ((OpIndexInterpretation *) (interpretation))->cmptype)
#else
#define OP_INTERPRETATIONS(operator) get_op_btree_interpretation(operator)
#define OP_STRATEGY(interpretation) \
	(((OpBtreeInterpretation *) (interpretation))->strategy)
#endif

/* 17: the number of command tags lost its name. */
#include "tcop/cmdtag.h"
#if PG_VERSION_NUM >= 170000
#define PG_CMDTAG(tag, name, evtrgok, rwrok, rowcnt) + 1
enum
{
	COMMAND_TAG_NEXTTAG = 0
#include "tcop/cmdtaglist.h"
};
#undef PG_CMDTAG
#endif

/*
 * 19: the planner simplifies the expressions and predicates of indexes by what it
 * knows of the table: that a column declared NOT NULL is not null goes without
 * saying.
 */
#if PG_VERSION_NUM >= 190000
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#define SIMPLIFY_INDEX_EXPRESSIONS(root, list) \
	((List *) eval_const_expressions(root, (Node *) (list)))
#define SIMPLIFY_INDEX_PREDICATE(root, list) \
	make_ands_implicit((Expr *) eval_const_expressions(root, (Node *) make_ands_explicit(list)))
#define NOT_NULL_GOES_WITHOUT_SAYING true
#else
#define SIMPLIFY_INDEX_EXPRESSIONS(root, list) (list)
#define SIMPLIFY_INDEX_PREDICATE(root, list) (list)
#define NOT_NULL_GOES_WITHOUT_SAYING false
#endif

/* 18: a B-tree scan skips over first keys that no condition is on. */
#define PLANNER_SKIPS_KEYS (PG_VERSION_NUM >= 180000)

#endif							/* CLIPPERF_COMPAT_H */
