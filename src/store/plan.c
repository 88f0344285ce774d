/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  The plans of statements: their shapes, and what their nodes did.
 *
 * A fixed table of sets of SET_SIZE entries; a plan is looked for in the one set
 * its key hashes to, and takes the place of the least useful entry there when the
 * set is full.
 *
 * Locks: each set belongs to one of PARTITIONS LWLocks, which is held to read or
 * change anything of it.  Whoever executes a statement never waits for it: what
 * cannot be counted at once is lost, and that is counted.  No other lock is taken
 * meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "store/plan.h"

#include <math.h>

#include "common/hashfn.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "store/save.h"

#define PLAN_SET_SIZE	16
#define PLAN_SETS		(PLANS_MAX / PLAN_SET_SIZE)
#define PLAN_PARTITIONS	16

/*
 * A block of a plan's series has so many measured executions at least, of so much
 * time: its mean is to vary by what disturbs the server for a while rather than
 * from one execution to the next.
 */
#define PLAN_BLOCK_CALLS	8
#define PLAN_BLOCK_US		INT64CONST(250000)

typedef struct PlanEntry
{
	bool		used;
	PlanBlock	block;			/* not yet in the series */
	TimestampTz block_began;
	StatementPlan plan;
} PlanEntry;

typedef struct PlanTable
{
	LWLockPadded locks[PLAN_PARTITIONS];
	pg_atomic_uint64 evicted;
	pg_atomic_uint64 lost;
	PlanEntry	sets[PLAN_SETS][PLAN_SET_SIZE];
} PlanTable;

/* A plan is saved up to its histogram, of which only buckets in use are. */
#define PLAN_HEAD offsetof(StatementPlan, node)

StaticAssertDecl(sizeof(PlanKey) == 24 && sizeof(PlanSettings) == 24 &&
				 sizeof(PlanCounters) == 10 * 8 + sizeof(PlanSettings) &&
				 PLAN_HEAD == sizeof(PlanKey) + sizeof(PlanCounters) + 8 &&
				 sizeof(PlanNode) == 16 + PLAN_NODE_COLUMNS * 2 &&
				 sizeof(PlanNodeWork) == 5 * 8 + 4 * 4,
				 "what is saved has no padding");

static PlanTable *plan_table = NULL;

/* The set a key belongs to. */
static uint32
plan_set(const PlanKey *key)
{
	return hash_bytes((const unsigned char *) key, sizeof(*key)) % PLAN_SETS;
}

/* The lock of a set. */
static LWLock *
plan_lock(uint32 set)
{
	return &plan_table->locks[set % PLAN_PARTITIONS].lock;
}

/* How much would be lost with a plan: its time, worth less with age. */
static double
plan_usefulness(const PlanEntry *entry, TimestampTz now)
{
	double		seconds = clock_age_us(entry->plan.counters.last_seen, now) /
		(double) USECS_PER_SEC;

	return entry->plan.counters.total_us / (1.0 + seconds);
}

/*
 * An empty entry of a set that the caller has locked exclusively, for this plan.
 * When there is none, the least useful one makes room, and that is counted.
 */
static PlanEntry *
make_plan_room(uint32 set, const PlanKey *key, TimestampTz now)
{
	PlanEntry  *entries = plan_table->sets[set];
	PlanEntry  *chosen = &entries[0];

	for (int i = 0; i < PLAN_SET_SIZE && chosen->used; i++)
	{
		if (!entries[i].used ||
			plan_usefulness(&entries[i], now) < plan_usefulness(chosen, now))
			chosen = &entries[i];
	}
	if (chosen->used)
		pg_atomic_fetch_add_u64(&plan_table->evicted, 1);
	memset(chosen, 0, sizeof(*chosen));
	chosen->plan.series.calls = PLAN_BLOCK_CALLS;
	chosen->plan.key = *key;
	chosen->used = true;
	return chosen;
}

/* The entry of a plan in a set that the caller has locked, or NULL. */
static PlanEntry *
find_plan(uint32 set, const PlanKey *key)
{
	for (int i = 0; i < PLAN_SET_SIZE; i++)
	{
		PlanEntry  *entry = &plan_table->sets[set][i];

		if (entry->used && memcmp(&entry->plan.key, key, sizeof(*key)) == 0)
			return entry;
	}
	return NULL;
}

/* Begin with what the first execution tells of a plan. */
static void
note_shape(StatementPlan *plan, const PlanMeasure *measure)
{
	plan->nodes = measure->nodes;
	plan->cut = measure->cut;
	memcpy(plan->node, measure->node, measure->nodes * sizeof(PlanNode));
	plan->counters.first_seen = measure->when;
}

/*
 * Share the execution's time out to the nodes of a plan.  Where no execution was timed,
 * the rows tell about what each took; the first timed one makes that unnecessary.
 */
static void
add_node_times(StatementPlan *plan, const PlanMeasure *measure)
{
	PlanCounters *sum = &plan->counters;

	if (!measure->timed && sum->timed > 0)
		return;
	if (measure->timed && sum->timed == 0)
	{
		sum->shared_us = 0;
		for (int i = 0; i < plan->nodes; i++)
			plan->did[i].self_us = 0;
	}
	sum->shared_us += measure->calls * measure->elapsed_us;
	for (int i = 0; i < Min(plan->nodes, measure->nodes); i++)
	{
		plan->did[i].self_us += measure->calls * measure->did[i].self_us;
		plan->did[i].blocks += measure->calls * measure->did[i].blocks;
	}
}

/* Mix a value of an execution into one that tells of those before. */
static float
mix_in(float before, float now, double weight)
{
	return before + weight * (now - before);
}

/*
 * Note whether the planner was wrong about a node in this execution, the nth that was
 * measured.  What was expected of rows is that of the executions it was wrong about.
 */
static void
note_misjudged(PlanMisjudged *lately, const PlanMisjudged *now, int64 nth)
{
	double		weight = 1.0 / Min(nth, PLAN_OFF_RECENT);

	if (now->too_few > 0 || now->too_many > 0)
	{
		bool		first = lately->too_few == 0 && lately->too_many == 0;

		lately->expected = mix_in(lately->expected, now->expected, first ? 1 : weight);
		lately->rows = mix_in(lately->rows, now->rows, first ? 1 : weight);
	}
	lately->too_few = mix_in(lately->too_few, now->too_few, weight);
	lately->too_many = mix_in(lately->too_many, now->too_many, weight);
}

/* Add what the nodes did to a plan of the same shape. */
static void
add_node_work(StatementPlan *plan, const PlanMeasure *measure)
{
	for (int i = 0; i < Min(plan->nodes, measure->nodes); i++)
	{
		PlanNodeWork *sum = &plan->did[i];
		const PlanNodeWork *add = &measure->did[i];

		sum->rows += measure->calls * add->rows;
		sum->estimated += measure->calls * add->estimated;
		sum->loops += measure->calls * add->loops;
		if (add->loops > 0)
			note_misjudged(&sum->off, &add->off, plan->counters.measured + 1);
		plan->node[i].flags |= measure->node[i].flags & PLAN_NODE_STOPPED;
		plan->node[i].repeats = Max(plan->node[i].repeats,
									measure->node[i].repeats);
	}
}

/* Add one block to another. */
static void
join_blocks(PlanBlock *into, const PlanBlock *from)
{
	into->calls += from->calls;
	into->us += from->us;
	into->work += from->work;
}

/* Add a block to a series, whose neighbours are joined if it is full. */
static void
end_plan_block(PlanSeries *series, const PlanBlock *block)
{
	if (series->count == PLAN_BLOCKS)
	{
		for (int i = 0; i < PLAN_BLOCKS / 2; i++)
		{
			series->block[i] = series->block[2 * i];
			join_blocks(&series->block[i], &series->block[2 * i + 1]);
		}
		series->count = PLAN_BLOCKS / 2;
		series->calls *= 2;
	}
	series->block[series->count++] = *block;
}

/* Add an execution to the block that goes on, and end that if it is long enough. */
static void
add_to_block(PlanEntry *entry, const PlanMeasure *measure, TimestampTz now)
{
	PlanBlock	execution = {
		.calls = 1,
		.us = measure->elapsed_us,
		.work = measure->work
	};

	if (entry->block.calls == 0 || entry->block_began > now)
		entry->block_began = now;
	join_blocks(&entry->block, &execution);
	if (entry->block.calls < entry->plan.series.calls ||
		now - entry->block_began < PLAN_BLOCK_US)
		return;
	end_plan_block(&entry->plan.series, &entry->block);
	memset(&entry->block, 0, sizeof(entry->block));
}

/* Add an execution to the counters of its plan. */
static void
add_execution(PlanEntry *entry, const PlanMeasure *measure, TimestampTz now)
{
	PlanCounters *sum = &entry->plan.counters;
	uint32	   *latency = &entry->plan.latency.count[histogram_bucket(measure->elapsed_us)];
	double		calls = *latency + measure->calls;

	sum->measured++;
	sum->timed += measure->timed ? 1 : 0;
	sum->calls += measure->calls;
	sum->total_us += measure->calls * measure->elapsed_us;
	sum->blocks += measure->calls * measure->blocks;
	sum->rows += measure->calls * measure->rows;
	sum->work += measure->calls * measure->work;
	sum->last_seen = clock_last_seen(sum->last_seen, measure->when, now);
	sum->settings = measure->settings;
	*latency = (uint32) Min(calls, (double) PG_UINT32_MAX);
}

/*
 * Count an execution that was measured.  Waits for nobody, raises nothing: where
 * another session has the lock, the execution is lost, and that is counted.
 */
void
plan_record(const PlanMeasure *measure)
{
	uint32		set = plan_set(&measure->key);
	TimestampTz now = GetCurrentTimestamp();
	PlanEntry  *entry;

	if (!LWLockConditionalAcquire(plan_lock(set), LW_EXCLUSIVE))
	{
		pg_atomic_fetch_add_u64(&plan_table->lost, 1);
		return;
	}
	entry = find_plan(set, &measure->key);
	if (entry == NULL)
	{
		entry = make_plan_room(set, &measure->key, now);
		note_shape(&entry->plan, measure);
	}
	add_node_work(&entry->plan, measure);
	add_node_times(&entry->plan, measure);
	add_execution(entry, measure, now);
	add_to_block(entry, measure, now);
	LWLockRelease(plan_lock(set));
}

/*
 * Visit all plans, one at a time; what is passed is valid during the call.  No lock
 * is held while the visitor runs.
 */
void
plan_visit(PlanVisitor visitor, void *arg)
{
	StatementPlan *copies = palloc(PLAN_SET_SIZE * sizeof(StatementPlan));

	for (uint32 set = 0; set < PLAN_SETS; set++)
	{
		int			n = 0;

		CHECK_FOR_INTERRUPTS();
		LWLockAcquire(plan_lock(set), LW_SHARED);
		for (int i = 0; i < PLAN_SET_SIZE; i++)
		{
			if (plan_table->sets[set][i].used)
				copies[n++] = plan_table->sets[set][i].plan;
		}
		LWLockRelease(plan_lock(set));
		for (int i = 0; i < n; i++)
			visitor(&copies[i], arg);
	}
	pfree(copies);
}

/* Plans held now.  Unlocked: a figure for information. */
int64
plan_count(void)
{
	int64		held = 0;

	for (uint32 set = 0; set < PLAN_SETS; set++)
		for (int i = 0; i < PLAN_SET_SIZE; i++)
			held += plan_table->sets[set][i].used ? 1 : 0;
	return held;
}

/* Plans forgotten to make room since start or reset. */
int64
plan_evicted(void)
{
	return (int64) pg_atomic_read_u64(&plan_table->evicted);
}

/* Measured executions that were not counted since start or reset. */
int64
plan_lost(void)
{
	return (int64) pg_atomic_read_u64(&plan_table->lost);
}

/* StoreModule.size */
static Size
plan_table_size(void)
{
	return sizeof(PlanTable);
}

/* StoreModule.attach */
static void
plan_table_attach(void *memory, bool found)
{
	plan_table = memory;
	if (found)
		return;
	for (int i = 0; i < PLAN_PARTITIONS; i++)
		LWLockInitialize(&plan_table->locks[i].lock, store_tranche());
	pg_atomic_init_u64(&plan_table->evicted, 0);
	pg_atomic_init_u64(&plan_table->lost, 0);
	memset(plan_table->sets, 0, sizeof(plan_table->sets));
}

/* The buckets of a histogram that are in use: from the first one on, up to the end. */
typedef struct UsedBuckets
{
	uint16		first;
	uint16		end;
} UsedBuckets;

static UsedBuckets
used_buckets(const Histogram *latency)
{
	UsedBuckets used = {0, HISTOGRAM_BUCKETS};

	while (used.end > 0 && latency->count[used.end - 1] == 0)
		used.end--;
	while (used.first < used.end && latency->count[used.first] == 0)
		used.first++;
	return used;
}

/* PlanVisitor that writes one plan to the SaveFile "arg". */
static void
save_plan(const StatementPlan *plan, void *arg)
{
	int32		blocks = plan->series.count;
	UsedBuckets used = used_buckets(&plan->latency);

	save_bytes(arg, plan, PLAN_HEAD);
	save_bytes(arg, plan->node, plan->nodes * sizeof(PlanNode));
	save_bytes(arg, plan->did, plan->nodes * sizeof(PlanNodeWork));
	save_bytes(arg, &used, sizeof(used));
	save_bytes(arg, &plan->latency.count[used.first],
			   (used.end - used.first) * sizeof(uint32));
	save_bytes(arg, &blocks, sizeof(blocks));
	save_bytes(arg, &plan->series.calls, sizeof(plan->series.calls));
	save_bytes(arg, plan->series.block, blocks * sizeof(PlanBlock));
}

/* StoreModule.save: losses, the plans, an empty key. */
static void
plan_save(struct SaveFile *file)
{
	int64		losses[] = {plan_evicted(), plan_lost()};
	StatementPlan *end = palloc0(sizeof(StatementPlan));

	save_bytes(file, losses, sizeof(losses));
	plan_visit(save_plan, file);
	save_bytes(file, end, PLAN_HEAD);
	pfree(end);
}

/* Can this be what save_plan() wrote first? */
static bool
head_is_sound(const StatementPlan *plan)
{
	const PlanCounters *counters = &plan->counters;
	const double amounts[] = {
		counters->measured, counters->timed, counters->calls, counters->total_us,
		counters->shared_us, counters->blocks, counters->rows, counters->work,
		counters->settings.work_mem_kb, counters->settings.random_page_cost,
		counters->settings.effective_cache_pages, plan->cut
	};

	for (int i = 0; i < lengthof(amounts); i++)
	{
		if (!saved_amount_is_sound(amounts[i]))
			return false;
	}
	return plan->nodes > 0 && plan->nodes <= PLAN_NODES &&
		saved_time_is_sound(counters->first_seen) &&
		saved_time_is_sound(counters->last_seen);
}

/* Has PlanNode.detail a meaning? */
static bool
detail_is_sound(const PlanNode *node)
{
	switch (node->kind)
	{
		case PLAN_NESTED_LOOP:
		case PLAN_MERGE_JOIN:
		case PLAN_HASH_JOIN:
			return node->detail < PLAN_JOINS;
		case PLAN_AGGREGATE:
		case PLAN_SET_OP:
			return node->detail < PLAN_STRATEGIES;
		case PLAN_MODIFY_TABLE:
			return node->detail < PLAN_CHANGES;
		default:
			return node->detail == 0;
	}
}

/* Can this be what the planner was wrong about? */
static bool
misjudged_is_sound(const PlanMisjudged *off)
{
	return off->too_few >= 0 && off->too_few <= 1 &&
		off->too_many >= 0 && off->too_many <= 1 &&
		saved_amount_is_sound(off->expected) && saved_amount_is_sound(off->rows);
}

/* Can these be the nodes of a plan: each at most one level below the one before? */
static bool
nodes_are_sound(const StatementPlan *plan)
{
	for (int i = 0; i < plan->nodes; i++)
	{
		const PlanNode *node = &plan->node[i];
		const PlanNodeWork *did = &plan->did[i];

		if (node->kind >= PLAN_NODE_KINDS || !detail_is_sound(node) ||
			node->depth > (i == 0 ? 0 : plan->node[i - 1].depth + 1) ||
			(i > 0 && node->depth == 0) ||
			!saved_amount_is_sound(did->self_us) ||
			!saved_amount_is_sound(did->rows) ||
			!saved_amount_is_sound(did->estimated) ||
			!saved_amount_is_sound(did->loops) ||
			!saved_amount_is_sound(did->blocks) ||
			!misjudged_is_sound(&did->off))
			return false;
	}
	return true;
}

/* Can these be the blocks of a plan's series? */
static bool
plan_series_is_sound(const PlanSeries *series)
{
	for (int i = 0; i < series->count; i++)
	{
		const PlanBlock *block = &series->block[i];

		if (block->calls == 0 || !saved_amount_is_sound(block->us) ||
			!saved_amount_is_sound(block->work))
			return false;
	}
	return series->calls > 0;
}

/* Read the rest of a plan whose head was read; false if it makes no sense. */
static bool
load_plan(struct SaveFile *file, StatementPlan *plan)
{
	PlanSeries *series = &plan->series;
	UsedBuckets used;

	return head_is_sound(plan) &&
		load_bytes(file, plan->node, plan->nodes * sizeof(PlanNode)) &&
		load_bytes(file, plan->did, plan->nodes * sizeof(PlanNodeWork)) &&
		nodes_are_sound(plan) &&
		load_bytes(file, &used, sizeof(used)) &&
		used.first <= used.end && used.end <= HISTOGRAM_BUCKETS &&
		load_bytes(file, &plan->latency.count[used.first],
				   (used.end - used.first) * sizeof(uint32)) &&
		load_bytes(file, &series->count, sizeof(series->count)) &&
		load_bytes(file, &series->calls, sizeof(series->calls)) &&
		series->count >= 0 && series->count <= PLAN_BLOCKS &&
		load_bytes(file, series->block, series->count * sizeof(PlanBlock)) &&
		plan_series_is_sound(series);
}

/* StoreModule.load: up to the key of zeros. */
static bool
plan_load(struct SaveFile *file)
{
	StatementPlan *plan = palloc0(sizeof(StatementPlan));
	int64		losses[2];
	bool		sound;

	if (!load_bytes(file, losses, sizeof(losses)) || losses[0] < 0 || losses[1] < 0)
		return false;
	pg_atomic_write_u64(&plan_table->evicted, losses[0]);
	pg_atomic_write_u64(&plan_table->lost, losses[1]);
	while ((sound = load_bytes(file, plan, PLAN_HEAD)) && plan->key.queryid != 0 &&
		   (sound = load_plan(file, plan)))
	{
		uint32		set = plan_set(&plan->key);

		LWLockAcquire(plan_lock(set), LW_EXCLUSIVE);
		make_plan_room(set, &plan->key, plan->counters.last_seen)->plan = *plan;
		LWLockRelease(plan_lock(set));
		memset(plan, 0, sizeof(*plan));
	}
	pfree(plan);
	return sound;
}

/* StoreModule.reset */
static void
plan_reset(int what, Oid dbid)
{
	if ((what & RESET_PLANS) == 0)
		return;
	for (uint32 set = 0; set < PLAN_SETS; set++)
	{
		LWLockAcquire(plan_lock(set), LW_EXCLUSIVE);
		for (int i = 0; i < PLAN_SET_SIZE; i++)
		{
			PlanEntry  *entry = &plan_table->sets[set][i];

			if (reset_concerns(dbid, entry->plan.key.dbid))
				entry->used = false;
		}
		LWLockRelease(plan_lock(set));
	}
	if (OidIsValid(dbid))
		return;
	pg_atomic_write_u64(&plan_table->evicted, 0);
	pg_atomic_write_u64(&plan_table->lost, 0);
}

const StoreModule plan_module = {
	.name = "plans",
	.size = plan_table_size,
	.attach = plan_table_attach,
	.save = plan_save,
	.load = plan_load,
	.reset = plan_reset
};
