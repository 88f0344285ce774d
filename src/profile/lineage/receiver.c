/*-------------------------------------------------------------------------
 *
 * receiver.c
 *	  Sees the rows of a result go by and records their keys.
 *
 * The recorder lives in the query's memory context.  It stands in for the
 * real receiver during one ExecutorRun at a time.  Hashes are gathered in
 * batches, so that the shared table is touched seldom and in bulk.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/receiver.h"

#include "executor/tuptable.h"

#include "common/clock.h"
#include "profile/lineage/budget.h"
#include "profile/lineage/numbers.h"

/* Rows gathered before they go into the shared table. */
#define BATCH_ROWS		64

/* Buckets fetched ahead of their use. */
#define PREFETCH_AHEAD	8

/*
 * Values that are put into the shared table of one result, as that has room for
 * some RESULTSET_BUCKETS * RESULTSET_BUCKET of all results.  A column that nobody
 * is known to look up ends after an even share of what others leave of them.
 */
#define MOST_VALUES		(8 * RESULTSET_ROWS)

/* Bits that tell whether a value may have been there before: 64 in a word. */
#define SEEN_WORDS		16

/* Bytes of a text by which its order among others is told. */
#define ORDER_BYTES		24

/* Bytes of documents that cost as much to read as a value costs to record. */
#define DOCUMENT_BYTES	64

/* The order of texts, in that of the rows. */
typedef struct TextOrder
{
	bool		ascending;		/* all so far */
	bool		descending;
	char		last[ORDER_BYTES];	/* how the last one begins */
	int			length;			/* .. -1 = there was none */
} TextOrder;

/* A column whose keys are recorded. */
typedef struct RecordedColumn
{
	int16		position;
	ValueKind	kind;			/* VALUE_NONE of a document */
	bool		is_number;		/* its values are numbers, as a rule */
	bool		is_text;		/* .. or texts of a column that is no key */
	DocumentKind document;
	ValueKind	element;
	uint8		field;
	uint32		field_hash;		/* which that is; 0 = not known yet */
	uint8		nparts;			/* columns that are taken together, else 0 */
	uint8		parts[JOINT_PARTS];
	uint32		held;			/* values that documents, or these columns,
								 * have held so far .. */
	uint32		nvalues;		/* .. and those of them that are to be put */
	uint64	   *values;
	uint32		most_rows;		/* that are recorded of it */
	uint32		distinct;
	uint32		first_times;	/* rows while there was one value only */
	uint64		first;
	uint32		nnumbers;		/* distinct numbers .. */
	Numbers		numbers;
	TextOrder	order;			/* of texts */
	uint32		nsequence;		/* values so far, as far as that matters */
	uint64		sequence;		/* see evidence.h */
	uint64		seen[SEEN_WORDS];	/* cleared when a slot is taken */
} RecordedColumn;

/* The receiver that stands in for the real one, and what it has seen. */
typedef struct ResultRecorder
{
	DestReceiver receiver;		/* must be first */
	DestReceiver *dest;
	Execution  *execution;
	ResultSet  *set;			/* NULL until there are two rows */
	uint32		slot;
	uint32		generation;
	uint32		rows;			/* recorded, pending ones included */
	int			pending;
	int			ncolumns;
	int			nread;			/* .. but for the joint ones, which are last */
	bool		admitted;		/* by the budget, already */
	bool		stopped;		/* this result cannot be recorded */
	bool		has_documents;
	DocumentValues *document;	/* room to read one; NULL until it is needed */
	uint64	   *batch;			/* [row][column that is read]; first_row until
								 * there are two */
	uint64	   *first_row;
	RecordedColumn columns[FLEXIBLE_ARRAY_MEMBER];	/* ncolumns of them */
} ResultRecorder;

static void flush_batch(ResultRecorder *recorder);

/* Note where a text, which was hashed and so is stored plainly, stands among the others. */
static pg_noinline void
note_order(TextOrder *order, Datum text)
{
	const char *bytes = VARDATA_ANY(DatumGetPointer(text));
	int			length = Min(VARSIZE_ANY_EXHDR(DatumGetPointer(text)), ORDER_BYTES);

	if (order->length >= 0)
	{
		int			difference = memcmp(bytes, order->last, Min(length, order->length));

		if (difference == 0)
			difference = length - order->length;
		order->ascending &= difference >= 0;
		order->descending &= difference <= 0;
	}
	memcpy(order->last, bytes, length);
	order->length = length;
}

/* The hash of one column of a row. */
static inline uint64
hash_column(TupleTableSlot *row, RecordedColumn *column)
{
	bool		isnull;
	Datum		value = slot_getattr(row, column->position, &isnull);
	uint64		hash;

	if (isnull || !value_hash(column->kind, value, &hash))
		return NO_HASH;
	if (unlikely(column->is_text))
		note_order(&column->order, value);
	return hash;
}

/* The field of an object, among those of a column, that a value belongs to. */
static RecordedColumn *
find_field(RecordedColumn *column, int fields, uint32 field_hash)
{
	for (int i = 0; i < fields; i++)
	{
		if (column[i].held == 0)
			column[i].field_hash = field_hash;
		if (column[i].field_hash == field_hash)
			return &column[i];
	}
	return NULL;
}

/* Keep the values of a document for its columns, one for each of its fields. */
static void
keep_document(ResultRecorder *recorder, RecordedColumn *column, int fields)
{
	const DocumentValues *document = recorder->document;

	for (int i = 0; i < document->count; i++)
	{
		RecordedColumn *field = find_field(column, fields, document->fields[i]);

		if (field == NULL || field->held >= RESULTSET_ROWS)
			continue;
		if (field->values == NULL)
			field->values = MemoryContextAlloc(recorder->execution->query->estate->es_query_cxt,
											   sizeof(uint64) * RESULTSET_ROWS);
		field->values[field->nvalues++] = document->hashes[i];
		field->held++;
	}
}

/* Does the client get the rows, rather than a function that asked for them? */
static inline bool
is_sent(const DestReceiver *dest)
{
	return dest->mydest == DestRemote || dest->mydest == DestRemoteExecute ||
		dest->mydest == DestRemoteSimple;
}

/* Read the documents of a row. */
static void
read_documents(ResultRecorder *recorder, TupleTableSlot *row)
{
	for (int i = 0; i < recorder->ncolumns; i++)
	{
		RecordedColumn *column = &recorder->columns[i];
		int			fields = 1;
		bool		isnull;
		Datum		value;
		int			bytes;

		if (column->document == DOCUMENT_NONE || column->held >= RESULTSET_ROWS ||
			(column->document == DOCUMENT_JSONB && !is_sent(recorder->dest)))
			continue;
		while (i + 1 < recorder->ncolumns &&
			   recorder->columns[i + 1].document != DOCUMENT_NONE &&
			   recorder->columns[i + 1].position == column->position)
			i++, fields++;
		value = slot_getattr(row, column->position, &isnull);
		if (isnull)
			continue;
		bytes = document_read(column->document, column->element, value, recorder->document);
		keep_document(recorder, column, fields);
		budget_spend(recorder->execution->queryid, recorder->execution->first_us,
					 bytes / DOCUMENT_BYTES);
	}
}

/* The documents of a row, if there is anything to read; makes room for the first. */
static pg_noinline void
receive_documents(ResultRecorder *recorder, TupleTableSlot *row)
{
	StatementInfo *info = recorder->execution->info;

	if (recorder->document == NULL)
	{
		if (!recorder->admitted && info->queryid == recorder->execution->queryid &&
			!budget_admits(info, recorder->execution->first_us))
		{
			recorder->has_documents = false;
			return;
		}
		recorder->document =
			MemoryContextAlloc(recorder->execution->query->estate->es_query_cxt,
							   sizeof(DocumentValues));
	}
	read_documents(recorder, row);
}

/*
 * There is more than one row: make room for them.  False if this result is not
 * to be recorded.
 */
static bool
make_batch(ResultRecorder *recorder)
{
	const Execution *execution = recorder->execution;
	StatementInfo *info = execution->info;
	MemoryContext context = execution->query->estate->es_query_cxt;

	if (!recorder->admitted && info->queryid == execution->queryid &&
		!budget_admits(info, execution->first_us))
		return false;
	recorder->batch =
		MemoryContextAlloc(context, sizeof(uint64) * BATCH_ROWS *
						   recorder->nread);
	memcpy(recorder->batch, recorder->first_row,
		   sizeof(uint64) * recorder->nread);
	return true;
}

/* receiveSlot once enough rows were seen. */
static bool
pass_row(TupleTableSlot *slot, DestReceiver *self)
{
	DestReceiver *dest = ((ResultRecorder *) self)->dest;

	return dest->receiveSlot(slot, dest);
}

/* This result is not to be recorded: forget its first row, too. */
static void
stop_recording(ResultRecorder *recorder)
{
	recorder->rows = RESULTSET_ROWS;
	recorder->pending = 0;
	recorder->receiver.receiveSlot = pass_row;
}

/* receiveSlot: note the keys, hand the row on. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	ResultRecorder *recorder = (ResultRecorder *) self;
	DestReceiver *dest = recorder->dest;
	uint64	   *hashes;

	if (recorder->pending == 1 && recorder->batch == recorder->first_row &&
		!make_batch(recorder))
	{
		stop_recording(recorder);
		return pass_row(slot, self);
	}
	hashes = recorder->batch + recorder->pending * recorder->nread;
	for (int i = 0; i < recorder->nread; i++)
		hashes[i] = hash_column(slot, &recorder->columns[i]);
	if (unlikely(recorder->has_documents))
		receive_documents(recorder, slot);
	recorder->pending++;
	if (++recorder->rows >= RESULTSET_ROWS)
		self->receiveSlot = pass_row;
	if (recorder->pending == BATCH_ROWS)
		flush_batch(recorder);
	return dest->receiveSlot(slot, dest);
}

/* rStartup: the real receiver's. */
static void
forward_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
	DestReceiver *dest = ((ResultRecorder *) self)->dest;

	dest->rStartup(dest, operation, typeinfo);
}

/* rShutdown: the real receiver's. */
static void
forward_shutdown(DestReceiver *self)
{
	DestReceiver *dest = ((ResultRecorder *) self)->dest;

	dest->rShutdown(dest);
}

/* rDestroy: the real receiver's. */
static void
forward_destroy(DestReceiver *self)
{
	DestReceiver *dest = ((ResultRecorder *) self)->dest;

	dest->rDestroy(dest);
}

/*
 * How many rows are recorded of the columns of a wide result that nobody is known
 * to look up; *sought tells of each whether somebody does.
 */
static uint32
rows_of_unsought(const StatementInfo *info, bool *sought)
{
	int			nsought = 0;

	for (int i = 0; i < info->ncolumns; i++)
	{
		sought[i] = resultset_is_sought(info->columns[i].key);
		nsought += sought[i];
	}
	if (nsought == info->ncolumns)
		return RESULTSET_ROWS;
	return Max(BATCH_ROWS, (MOST_VALUES - nsought * RESULTSET_ROWS) /
			   (info->ncolumns - nsought));
}

/* Limit what is recorded of a result that is wider than most. */
static pg_noinline void
limit_columns(ResultRecorder *recorder, const StatementInfo *info)
{
	bool		sought[RESULTSET_COLUMNS];
	uint32		most_rows = rows_of_unsought(info, sought);

	for (int i = 0; i < info->ncolumns; i++)
	{
		if (!sought[i])
			recorder->columns[i].most_rows = most_rows / Max(1, info->columns[i].nparts);
	}
}

/*
 * A recorder for an execution whose statement has key columns.  Where several
 * rows are expected the budget has admitted the result.
 */
ResultRecorder *
recorder_make(Execution *execution, const StatementInfo *info)
{
	MemoryContext context = execution->query->estate->es_query_cxt;
	Size		size = offsetof(ResultRecorder, columns) +
		info->ncolumns * sizeof(RecordedColumn);
	ResultRecorder *recorder =
		MemoryContextAlloc(context, size + info->ncolumns * sizeof(uint64));

	recorder->receiver.receiveSlot = receive_row;
	recorder->receiver.rStartup = forward_startup;
	recorder->receiver.rShutdown = forward_shutdown;
	recorder->receiver.rDestroy = forward_destroy;
	recorder->execution = execution;
	recorder->set = NULL;
	recorder->rows = 0;
	recorder->pending = 0;
	recorder->admitted = info->many_rows;
	recorder->stopped = false;
	recorder->has_documents = false;
	recorder->document = NULL;
	recorder->first_row = (uint64 *) ((char *) recorder + size);
	recorder->batch = recorder->first_row;
	recorder->ncolumns = info->ncolumns;
	recorder->nread = 0;
	for (int i = 0; i < info->ncolumns; i++)
	{
		recorder->columns[i].position = info->columns[i].position;
		recorder->columns[i].kind = info->columns[i].kind;
		recorder->columns[i].is_number = info->columns[i].column.small;
		recorder->columns[i].is_text = info->columns[i].column.is_text;
		recorder->columns[i].nnumbers = 0;
		recorder->columns[i].order.ascending = true;
		recorder->columns[i].order.descending = true;
		recorder->columns[i].order.length = -1;
		recorder->columns[i].document = info->columns[i].document;
		recorder->columns[i].element = info->columns[i].element;
		recorder->columns[i].field = info->columns[i].field;
		recorder->columns[i].field_hash = 0;
		recorder->columns[i].held = 0;
		recorder->columns[i].nvalues = 0;
		recorder->columns[i].values = NULL;
		recorder->has_documents |= info->columns[i].document != DOCUMENT_NONE;
		recorder->columns[i].nparts = info->columns[i].nparts;
		memcpy(recorder->columns[i].parts, info->columns[i].parts, JOINT_PARTS);
		recorder->nread += info->columns[i].nparts == 0;
		recorder->columns[i].most_rows = RESULTSET_ROWS / Max(1, info->columns[i].nparts);
		recorder->columns[i].distinct = 0;
		recorder->columns[i].first_times = 0;
		recorder->columns[i].nsequence = 0;
		recorder->columns[i].sequence = 0;
	}
	for (int i = recorder->nread; i < recorder->ncolumns; i++)
		recorder->first_row[i] = NO_HASH;
	if (unlikely(info->ncolumns > RESULTSET_NARROW))
		limit_columns(recorder, info);
	return recorder;
}

/* The receiver that records and hands each row on to dest. */
DestReceiver *
recorder_receiver(ResultRecorder *recorder, DestReceiver *dest)
{
	recorder->dest = dest;
	recorder->receiver.mydest = dest->mydest;
	return &recorder->receiver;
}

/* Is this the recorder's own result set? */
bool
recorder_owns(const ResultRecorder *recorder, uint32 slot, uint32 generation)
{
	return recorder->set != NULL && recorder->slot == slot &&
		recorder->generation == generation;
}

/* Is a value surely the first of its kind in a column?  Notes it, too. */
static inline bool
note_seen(RecordedColumn *column, uint64 hash)
{
	/* bits that choose neither the bucket nor the tag in it */
	uint32		number = (hash >> 28) % (SEEN_WORDS * 64);
	uint64		bit = UINT64CONST(1) << (number % 64);
	uint64	   *word = &column->seen[number / 64];
	bool		is_new = (*word & bit) == 0;

	*word |= bit;
	return is_new;
}

/* Count a value that is new to a column. */
static inline void
note_new(RecordedColumn *column, uint64 hash)
{
	if (column->is_number && (!column->is_text || value_is_spelled_number(hash)))
		numbers_add(&column->numbers, column->nnumbers++,
					value_number(hash, value_kind_is_time(column->kind)));
	column->distinct++;
}

/* Put the first value of a column, with the rows that held it alone so far. */
static void
put_first(ResultRecorder *recorder, int column)
{
	RecordedColumn *facts = &recorder->columns[column];

	for (uint32 i = 0; i < Min(facts->first_times, 7); i++)
		(void) resultset_put(recorder->slot, recorder->generation, column,
							 facts->first, 0, note_seen(facts, facts->first));
	facts->nsequence = Min(facts->first_times, EVIDENCE_SEQUENCE);
}

/*
 * Put one value into the shared table.  A column that has held one value only
 * tells little: its value is put when a second one comes, or all rows have it.
 */
static void
put_value(ResultRecorder *recorder, int column, uint64 hash)
{
	RecordedColumn *facts = &recorder->columns[column];
	uint32		rank;

	if (facts->distinct == 0)
	{
		facts->first = hash;
		note_new(facts, hash);
	}
	if (facts->distinct == 1)
	{
		if (hash == facts->first)
		{
			facts->first_times++;
			return;
		}
		put_first(recorder, column);
	}
	rank = resultset_put(recorder->slot, recorder->generation, column, hash,
						 facts->distinct, note_seen(facts, hash));
	if (facts->nsequence < EVIDENCE_SEQUENCE)
		facts->sequence |= (uint64) Min(rank, EVIDENCE_SEQUENCE_KEYS) <<
			(4 * facts->nsequence++);
	if (rank == facts->distinct)
		note_new(facts, hash);
}

/* Take a slot; false if there is none. */
static bool
claim_slot(ResultRecorder *recorder)
{
	if (recorder->set != NULL)
		return true;
	if (recorder->stopped)
		return false;
	recorder->set = resultset_claim(clock_us(), recorder->ncolumns, &recorder->slot);
	recorder->stopped = recorder->set == NULL;
	if (recorder->stopped)
		return false;
	for (int i = 0; i < recorder->ncolumns; i++)
		memset(recorder->columns[i].seen, 0, sizeof(recorder->columns[i].seen));
	/* what it will be once it is open */
	recorder->generation = resultset_generation(recorder->slot) + 1;
	return true;
}

/* How many of the gathered rows are recorded of a column. */
static inline int
rows_to_put(const ResultRecorder *recorder, int column)
{
	int			before = recorder->rows - recorder->pending;
	int			rows = (int) recorder->columns[column].most_rows - before;

	return Max(0, Min(rows, recorder->pending));
}

/* Put the gathered values of a column into the shared table; returns how many rows. */
static inline int
put_column(ResultRecorder *recorder, int column)
{
	int			stride = recorder->nread;
	int			rows = rows_to_put(recorder, column);
	const uint64 *hash = recorder->batch + column;

	for (int row = 0; row < rows; row++, hash += stride)
	{
		if (row + PREFETCH_AHEAD < rows)
			resultset_prefetch(hash[PREFETCH_AHEAD * stride]);
		if (*hash != NO_HASH)
			put_value(recorder, column, *hash);
	}
	return rows;
}

/*
 * Put the gathered values of several columns, row by row; returns how many.  Their
 * buckets have just been used for the columns themselves.
 */
static int
put_joint(ResultRecorder *recorder, int column)
{
	RecordedColumn *facts = &recorder->columns[column];
	const uint64 *hashes = recorder->batch;
	int			rows = rows_to_put(recorder, column);
	uint32		before = facts->held;

	for (int row = 0; row < rows; row++, hashes += recorder->nread)
	{
		for (int i = 0; i < facts->nparts; i++)
		{
			if (hashes[facts->parts[i]] == NO_HASH)
				continue;
			put_value(recorder, column, hashes[facts->parts[i]]);
			facts->held++;
		}
	}
	return facts->held - before;
}

/* Put the gathered hashes into the shared table. */
static void
flush_batch(ResultRecorder *recorder)
{
	if (claim_slot(recorder))
	{
		int			values = 0;

		for (int column = 0; column < recorder->nread; column++)
			values += put_column(recorder, column);
		for (int column = recorder->nread; column < recorder->ncolumns; column++)
			values += put_joint(recorder, column);
		budget_spend(recorder->execution->queryid,
					 recorder->execution->first_us,
					 values);
	}
	recorder->pending = 0;
}

/*
 * Hashes of the columns of the only row so far, NULL if there is none or more.
 */
const uint64 *
recorder_only_row(const ResultRecorder *recorder)
{
	return recorder != NULL && recorder->rows == 1 ? recorder->first_row : NULL;
}

/* Fill in a slot that was just claimed, and its columns. */
void
recorder_describe(ResultSet *set, ResultColumn *columns, Execution *execution,
				  StatementInfo *info, const ResultContext *context)
{
	set->pid = MyProcPid;
	set->dbid = MyDatabaseId;
	set->userid = execution->userid;
	set->queryid = execution->queryid;
	set->fingerprint = info->has_list ?
		statement_fingerprint(info, execution->query) : execution->queryid;
	set->trace = execution->trace;
	set->transaction = context->transaction;
	set->statement = context->statement;
	set->started_us = execution->first_us;
	set->route = execution->route;
	set->trigger_depth = execution->trigger_depth;
	set->nested = context->nested;
	set->is_chain = false;
	set->ncolumns = info->ncolumns;
	for (int i = 0; i < info->ncolumns; i++)
		columns[i] = info->columns[i].column;
}

/*
 * Do so many rows, all of them, hold one key that looking it up for each tells?  A
 * text that all rows of a list hold is what the list was asked for, as a rule.
 */
static inline bool
has_one_key(const RecordedColumn *column, uint32 rows)
{
	return column->distinct == 1 && column->first_times == rows &&
		rows > evidence_parameters.same_fewest &&
		(!column->is_text || column->nnumbers > 0);
}

/* What the numbers of a column, or the order of its texts, tell. */
static void
describe_order(const RecordedColumn *column, ResultColumn *shown)
{
	shown->has_numbers = column->nnumbers > 0;
	shown->is_sorted = column->nnumbers > 0 && column->nnumbers == column->distinct &&
		numbers_are_sorted(&column->numbers);
	shown->is_sorted |= column->is_text &&
		(column->order.ascending || column->order.descending);
	shown->step = numbers_step(&column->numbers, column->nnumbers);
}

/* Has a document held several values? */
static bool
holds_list(const ResultRecorder *recorder)
{
	for (int i = 0; i < recorder->ncolumns && recorder->has_documents; i++)
	{
		if (recorder->columns[i].held > 1)
			return true;
	}
	return false;
}

/* Put the values that documents have held into the shared table. */
static void
put_documents(ResultRecorder *recorder)
{
	for (int i = 0; i < recorder->ncolumns; i++)
	{
		RecordedColumn *column = &recorder->columns[i];

		for (uint32 j = 0; j < column->nvalues; j++)
			put_value(recorder, i, column->values[j]);
		budget_spend(recorder->execution->queryid, recorder->execution->first_us,
					 column->nvalues);
		column->nvalues = 0;
	}
}

/*
 * Put what was received so far into the store; true if there is something in it.
 * Takes no lock: the slot is this backend's own.
 */
bool
recorder_publish(ResultRecorder *recorder, StatementInfo *info,
				 const ResultContext *context)
{
	ResultSet  *set;
	ResultColumn *columns;

	if ((recorder->rows < 2 && !holds_list(recorder)) ||
		(recorder->pending == 0 && recorder->set == NULL))
		return false;
	flush_batch(recorder);
	set = recorder->set;
	if (set == NULL)
		return false;
	if (recorder->has_documents)
		put_documents(recorder);
	columns = resultset_columns(recorder->slot);
	if (resultset_generation(recorder->slot) != recorder->generation)
	{
		/* new, or given to another result set since */
		if (resultset_generation(recorder->slot) != recorder->generation - 1)
			return false;
		recorder_describe(set, columns, recorder->execution, info, context);
	}
	set->rows = recorder->rows;
	set->ended_us = recorder->execution->last_us;
	resultset_note_use(set->ended_us);
	for (int i = 0; i < recorder->ncolumns; i++)
	{
		RecordedColumn *column = &recorder->columns[i];

		columns[i].distinct = column->distinct;
		columns[i].rows = column->document != DOCUMENT_NONE || column->nparts > 0 ? column->held :
			Min(recorder->rows, column->most_rows);
		columns[i].sequence = column->sequence;
		if (has_one_key(column, columns[i].rows))
			put_first(recorder, i);
		if (column->is_number)
			describe_order(column, &columns[i]);
	}
	if (resultset_generation(recorder->slot) != recorder->generation)
		resultset_open(recorder->slot);
	for (int i = 0; i < recorder->ncolumns; i++)
	{
		if (recorder->columns[i].distinct > 1 ||
			has_one_key(&recorder->columns[i], columns[i].rows))
			resultset_note_column(recorder->slot, i, set->ended_us);
	}
	return true;
}

/* Has a column held a key, in this result? */
static inline bool
has_held(const ResultRecorder *recorder, int column)
{
	return recorder->columns[column].distinct > 0 || recorder->columns[column].held > 0 ||
		(recorder->rows == 1 && recorder->first_row[column] != NO_HASH);
}

/*
 * Were there keys in the columns that may hold some, and have texts been looked up
 * that the result before this one held?  Those that hold none in many results are
 * given up, and with them the facts that this execution relies on.
 */
void
recorder_judge_guesses(const ResultRecorder *recorder, StatementInfo *info)
{
	bool		in_vain = false;
	uint32		looked_up;
	bool		is_known = info->texts_shown &&
		resultset_looked_up(info->texts_slot, info->texts_generation, &looked_up);

	for (int i = 0; i < info->ncolumns; i++)
	{
		InfoColumn *item = &info->columns[i];

		if (!item->is_guess || item->has_held || (item->column.is_text && !is_known))
			continue;
		item->has_held = item->column.is_text ? (looked_up & resultset_looked_up_bit(i)) != 0 :
			has_held(recorder, i);
		if (!item->has_held)
			in_vain |= ++item->in_vain >= GUESSES_IN_VAIN;
	}
	info->texts_shown = recorder->set != NULL;
	info->texts_slot = recorder->slot;
	info->texts_generation = recorder->generation;
	if (in_vain)
		statement_info_drop_guesses(info);
}
