/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  The plans of statements: their shapes, and what their nodes did.
 *
 * Of the executions of a statement a few are measured; each stands for those
 * since the last one that was.  Sums are over all executions that the measured
 * ones stand for, so they are estimates; "measured" is a count.
 *
 * See plan.c for the locks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STORE_PLAN_H
#define CLIPPERF_STORE_PLAN_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "store/histogram.h"
#include "store/store.h"

/* Plans held at a time, of all databases. */
#define PLANS_MAX		768

/* Nodes that are kept of a plan; the work of others counts for the one above. */
#define PLAN_NODES		20

/* Columns that a scan's conditions compare with something, as far as kept. */
#define PLAN_NODE_COLUMNS 4

/* Kinds of nodes.  They are saved: new ones go to the end. */
typedef enum PlanNodeKind
{
	PLAN_OTHER,
	PLAN_RESULT,
	PLAN_PROJECT_SET,
	PLAN_MODIFY_TABLE,
	PLAN_APPEND,
	PLAN_MERGE_APPEND,
	PLAN_RECURSIVE_UNION,
	PLAN_BITMAP_AND,
	PLAN_BITMAP_OR,
	PLAN_SEQ_SCAN,
	PLAN_SAMPLE_SCAN,
	PLAN_INDEX_SCAN,
	PLAN_INDEX_ONLY_SCAN,
	PLAN_BITMAP_INDEX_SCAN,
	PLAN_BITMAP_HEAP_SCAN,
	PLAN_TID_SCAN,
	PLAN_TID_RANGE_SCAN,
	PLAN_SUBQUERY_SCAN,
	PLAN_FUNCTION_SCAN,
	PLAN_TABLE_FUNC_SCAN,
	PLAN_VALUES_SCAN,
	PLAN_CTE_SCAN,
	PLAN_NAMED_TUPLESTORE_SCAN,
	PLAN_WORK_TABLE_SCAN,
	PLAN_FOREIGN_SCAN,
	PLAN_CUSTOM_SCAN,
	PLAN_NESTED_LOOP,
	PLAN_MERGE_JOIN,
	PLAN_HASH_JOIN,
	PLAN_MATERIALIZE,
	PLAN_MEMOIZE,
	PLAN_SORT,
	PLAN_INCREMENTAL_SORT,
	PLAN_GROUP,
	PLAN_AGGREGATE,
	PLAN_WINDOW_AGG,
	PLAN_UNIQUE,
	PLAN_GATHER,
	PLAN_GATHER_MERGE,
	PLAN_HASH,
	PLAN_SET_OP,
	PLAN_LOCK_ROWS,
	PLAN_LIMIT,
	PLAN_NODE_KINDS
} PlanNodeKind;

/* What PlanNode.detail says of joins. */
typedef enum PlanJoin
{
	PLAN_JOIN_INNER,
	PLAN_JOIN_LEFT,
	PLAN_JOIN_FULL,
	PLAN_JOIN_RIGHT,
	PLAN_JOIN_SEMI,
	PLAN_JOIN_ANTI,
	PLAN_JOIN_RIGHT_SEMI,
	PLAN_JOIN_RIGHT_ANTI,
	PLAN_JOINS
} PlanJoin;

/* .. of aggregates; .. of set operations, the second one too. */
typedef enum PlanStrategy
{
	PLAN_STRATEGY_PLAIN,
	PLAN_STRATEGY_SORTED,
	PLAN_STRATEGY_HASHED,
	PLAN_STRATEGY_MIXED,
	PLAN_STRATEGIES
} PlanStrategy;

/* .. of PLAN_MODIFY_TABLE. */
typedef enum PlanChange
{
	PLAN_INSERT,
	PLAN_UPDATE,
	PLAN_DELETE,
	PLAN_MERGE,
	PLAN_CHANGES
} PlanChange;

/* Bits of PlanNode.flags. */
#define PLAN_NODE_PARALLEL	0x01	/* workers share its rows */
#define PLAN_NODE_BACKWARD	0x02	/* a scan of an index from its end */
#define PLAN_NODE_PARTIAL	0x04	/* an aggregate that others finish */
#define PLAN_NODE_FINALIZE	0x08	/* one that does */
#define PLAN_NODE_INIT		0x10	/* top of an uncorrelated sub-select */
#define PLAN_NODE_SUBPLAN	0x20	/* top of a correlated one */
#define PLAN_NODE_CTE		0x40	/* top of a WITH query */
#define PLAN_NODE_PARTITION	0x80	/* a partition, by the name of its parent */
#define PLAN_NODE_STOPPED	0x100	/* who reads it may stop before its end */
#define PLAN_NODE_REREAD	0x200	/* .. and returns to rows that it has read */

/* What a node is.  No padding. */
typedef struct PlanNode
{
	uint8		kind;			/* PlanNodeKind */
	uint8		depth;			/* 0 = the top node; nodes stand in the order
								 * in which EXPLAIN shows them */
	uint16		detail;
	uint16		flags;
	uint16		repeats;		/* alike ones next to each other, as of
								 * partitions; up to PG_UINT16_MAX */
	Oid			relation;		/* the parent's, for partitions, or InvalidOid */
	Oid			index;			/* one of those, for partitions */
	int16		column[PLAN_NODE_COLUMNS];	/* of the relation, 0 = none */
} PlanNode;

/*
 * A node returns this many times the rows that the planner expected, or the other way
 * round, in each of its loops: then it is off.
 */
#define PLAN_OFF_TIMES	100

/*
 * How often a node was off lately: an execution counts for 1 / PLAN_OFF_RECENT, what was
 * before for the rest.
 */
#define PLAN_OFF_RECENT	8

/* What the planner was wrong about, of the executions that were measured lately. */
typedef struct PlanMisjudged
{
	float		too_few;		/* share in which it expected too few rows .. */
	float		too_many;		/* .. too many */
	float		expected;		/* rows of a loop then .. */
	float		rows;			/* .. and those that came */
} PlanMisjudged;

/* What a node did, of all executions. */
typedef struct PlanNodeWork
{
	double		self_us;		/* without the nodes below it, of
								 * PlanCounters.shared_us */
	double		rows;			/* it returned, of all its loops */
	double		estimated;		/* that the planner expected of these */
	double		loops;
	double		blocks;			/* it touched, without the nodes below, in the
								 * timed executions */
	PlanMisjudged off;
} PlanNodeWork;

/* Settings of the planner that are on or off, as far as they are kept. */
#define PLAN_SETTINGS_ENABLED	15

/* What a plan relied on, beside statistics. */
typedef struct PlanSettings
{
	uint32		disabled;		/* settings that are off, by their number */
	int32		work_mem_kb;
	double		random_page_cost;
	double		effective_cache_pages;
} PlanSettings;

typedef struct PlanKey
{
	uint64		queryid;
	uint64		shape;			/* hash of its nodes */
	Oid			dbid;
	Oid			userid;
} PlanKey;

/* Of a plan's executions.  Blocks are shared ones, hit and read. */
typedef struct PlanCounters
{
	int64		measured;		/* executions that were */
	int64		timed;			/* of these, with the time of each node */
	double		calls;			/* that these stand for */
	double		total_us;
	double		shared_us;		/* of that, shared out to the nodes: the timed
								 * executions', or, without any, all */
	double		blocks;
	double		rows;			/* returned or changed */
	double		work;			/* rows that passed nodes or were dropped
								 * there, and PLAN_WORK_OF_BLOCK for each
								 * block */
	TimestampTz first_seen;
	TimestampTz last_seen;
	PlanSettings settings;		/* of the last one measured */
} PlanCounters;

/*
 * Work of one block, in rows: what the planner's own costs say of a block that is in
 * memory is between cpu_tuple_cost and seq_page_cost, 1 and 100 rows.
 */
#define PLAN_WORK_OF_BLOCK	10

/* Blocks of time of a plan's executions. */
#define PLAN_BLOCKS		32

/*
 * Measured executions of some time.  What disturbs one disturbs the next: how much
 * blocks differ tells more than how much executions do.
 */
typedef struct PlanBlock
{
	uint32		calls;			/* that were measured */
	float		us;
	float		work;			/* as PlanCounters.work */
} PlanBlock;

/* Blocks in order of time; a full series joins neighbours, and its blocks double. */
typedef struct PlanSeries
{
	int32		count;			/* of blocks that have ended */
	uint32		calls;			/* that a block has at least */
	PlanBlock	block[PLAN_BLOCKS];
} PlanSeries;

/* A plan, with everything that is known of it. */
typedef struct StatementPlan
{
	PlanKey		key;
	PlanCounters counters;
	int32		nodes;			/* that are kept */
	int32		cut;			/* others */
	PlanNode	node[PLAN_NODES];
	PlanNodeWork did[PLAN_NODES];
	Histogram	latency;		/* by calls */
	PlanSeries	series;
} StatementPlan;

/* One execution that was measured, for plan_record(). */
typedef struct PlanMeasure
{
	PlanKey		key;
	int32		nodes;
	int32		cut;
	PlanNode	node[PLAN_NODES];
	PlanNodeWork did[PLAN_NODES];	/* in this one */
	PlanSettings settings;
	bool		timed;
	double		calls;			/* it stands for */
	double		elapsed_us;
	double		blocks;
	double		rows;
	double		work;
	TimestampTz when;			/* start of the client's statement */
} PlanMeasure;

/* Count an execution that was measured. */
extern void plan_record(const PlanMeasure *measure);

/* All plans, one at a time; what is passed is valid during the call. */
typedef void (*PlanVisitor) (const StatementPlan *plan, void *arg);
extern void plan_visit(PlanVisitor visitor, void *arg);

/* Plans held now; forgotten to make room, and executions not counted, since reset. */
extern int64 plan_count(void);
extern int64 plan_evicted(void);
extern int64 plan_lost(void);

extern const StoreModule plan_module;

#endif							/* CLIPPERF_STORE_PLAN_H */
