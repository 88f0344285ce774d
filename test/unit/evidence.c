/*-------------------------------------------------------------------------
 *
 * evidence.c
 *	  What src/common/evidence.c and evidence_verdict.c make of loops and of
 *	  chance: run by test/t/020_n_plus_one_evidence.pl.
 *
 * Prints for each kind of loop the lookups it takes to be proven, weakly and
 * by itself, 0 if it never is; and for each kind of chance how many times more
 * often than promised one of the ways to be proven comes to so much evidence.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <stdio.h>
#include <stdlib.h>

#include "port/pg_bitutils.h"

/* The server's, which counts bits, is in the server. */
#undef pg_popcount64
#define pg_popcount64 count_bits

static int
count_bits(uint64 word)
{
	return __builtin_popcountll(word);
}

#include "common/evidence.c"
#include "common/evidence_verdict.c"

/* The C library's own: the server's is in the server, too. */
#undef printf

/* Episodes of each kind of chance, and lookups of one at most. */
#define EPISODES	10000
#define LOOKUPS		60

/* Evidence that chance comes to once in a thousand episodes at most, in nats. */
#define RARE		6.908

/* Uniform in [0, 1), the same in each run (a 48-bit linear congruence). */
static double
uniform(void)
{
	static uint64 state = 42;

	state = (state * UINT64CONST(0x5DEECE66D) + 11) & ((UINT64CONST(1) << 48) - 1);
	return (double) state / (double) (UINT64CONST(1) << 48);
}

/* A list: its rows' ranks, and how many rows hold each. */
typedef struct Rows
{
	int			count;
	int			distinct;
	int			ranks[EVIDENCE_RANKS];
	int			times[EVIDENCE_RANKS];
	uint64		sequence;
} Rows;

/* A list of the given keys; keys get ranks in the order in which they come. */
static Rows
make_rows(int count, int (*key_of) (int row))
{
	static int	rank_of[EVIDENCE_RANKS];
	Rows		rows = {.count = count};

	memset(rank_of, -1, sizeof(rank_of));
	for (int row = 0; row < count; row++)
	{
		int			key = key_of(row);

		if (rank_of[key] < 0)
			rank_of[key] = rows.distinct++;
		rows.ranks[row] = rank_of[key];
		rows.times[rank_of[key]]++;
		if (row < EVIDENCE_SEQUENCE)
			rows.sequence |= (uint64) Min(rank_of[key], EVIDENCE_SEQUENCE_KEYS) << (4 * row);
	}
	return rows;
}

/* The lookup of a rank. */
static Lookup
make_lookup(const Rows *rows, int rank, bool local)
{
	return (Lookup)
	{
		.rank = rank,
			.distinct = rows->distinct,
			.rows = rows->count,
			.times = Min(rows->times[rank], 7),
			.sequence = rows->sequence,
			.rivals = 1,
			.local_rivals = 1,
			.local = local
	};
}

/* Kinds of keys of rows. */
static int	key_own(int row) { return row; }
static int	key_grouped(int row) { return row / 4; }
static int	key_of_two(int row) { return row * 7 / 3 % 2; }
static int	key_of_three(int row) { return row * row % 7 % 3; }
static int	key_of_four(int row) { return row * row * 5 % 13 % 4; }
static int	key_same(int row) { return 0; }

/* Which rows have a child, and how often. */
static int	child_each(int row) { return 1; }
static int	child_twice(int row) { return 2; }
static int	child_third(int row) { return row % 3 == 1; }
static int	child_half(int row) { return uniform() < 0.5; }
static int	child_quarter(int row) { return uniform() < 0.25; }

/* Print how many lookups a loop takes to be proven. */
static void
try_loop(const char *name, int count, int (*key_of) (int), int (*children_of) (int))
{
	Rows		rows = make_rows(count, key_of);
	Evidence	evidence;
	int			weak = 0;
	int			strong = 0;

	evidence_clear(&evidence);
	for (int row = 0; row < count; row++)
	{
		for (int i = children_of(row); i > 0; i--)
		{
			Lookup		lookup = make_lookup(&rows, rows.ranks[row], true);
			Verdict		verdict;

			evidence_add(&evidence, &lookup);
			verdict = evidence_verdict(&evidence, 0, 5, false);
			if (weak == 0 && verdict >= VERDICT_WEAK)
				weak = evidence.children;
			if (strong == 0 && verdict == VERDICT_STRONG)
				strong = evidence.children;
		}
	}
	printf("loop_%s_weak %d\nloop_%s_strong %d\nloop_%s_children %d\n", name, weak, name, strong,
		   name, (int) evidence.children);
}

/* A rank at random: those of a low number are popular by Zipf's law. */
static int
draw(const double *sums, int distinct)
{
	double		at = uniform() * sums[distinct - 1];
	int			low = 0;
	int			high = distinct - 1;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (sums[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/*
 * Print how much more often than promised lookups at random come to rare
 * evidence, by the way that does so most.  "staying" is how likely the last
 * value comes again.
 */
static void
try_chance(int distinct, double exponent, double staying, bool local)
{
	Rows		rows = make_rows(distinct, key_own);
	double		sums[EVIDENCE_RANKS];
	double		sum = 0.0;
	int			rare[5] = {0};
	int			most = 0;

	for (int rank = 0; rank < distinct; rank++)
		sums[rank] = sum += pow(rank + 1, -exponent);
	for (int i = 0; i < EPISODES; i++)
	{
		Evidence	evidence;
		bool		passed[5] = {0};

		evidence_clear(&evidence);
		for (int j = 0; j < LOOKUPS && !evidence_is_hopeless(&evidence); j++)
		{
			int			rank = j > 0 && uniform() < staying ? evidence.latest : draw(sums, distinct);
			Lookup		lookup = make_lookup(&rows, rank, local);

			evidence_add(&evidence, &lookup);
			passed[0] |= evidence.ordered >= RARE;
			passed[1] |= evidence.loosely >= RARE;
			passed[2] |= evidence.rising >= RARE;
			passed[3] |= evidence.covering >= RARE &&
				evidence.used >= parameters->covered * evidence.distinct;
			passed[4] |= evidence.falling >= RARE;
		}
		for (int way = 0; way < lengthof(rare); way++)
			rare[way] += passed[way];
	}
	for (int way = 0; way < lengthof(rare); way++)
		most = Max(most, rare[way]);
	printf("chance_%d_%.1f_%.1f_%s %.2f\n", distinct, exponent, staying, local ? "here" : "elsewhere",
		   (double) most / EPISODES / exp(-RARE));
}

/* Two lists with the same keys in other orders, as one request may have read. */
typedef struct TwoLists
{
	Evidence	evidence[2];
	int			rank[2][EVIDENCE_RANKS];	/* of each key in each list */
} TwoLists;

/* Does the loop over a list expect this rank next? */
static bool
expects(const Evidence *evidence, int rank)
{
	return !evidence_is_hit(evidence, rank) && evidence_distance(evidence, rank) == 0;
}

/*
 * A lookup goes to the list that expects it, the first one if both do or none; the
 * other one weighs it, too, as match.c and claim.c have it.
 */
static void
look_up_in_two(TwoLists *lists, const Rows *rows, int key)
{
	int			best = !expects(&lists->evidence[0], lists->rank[0][key]) &&
		expects(&lists->evidence[1], lists->rank[1][key]);

	for (int i = 0; i < 2; i++)
	{
		int			list = i == 0 ? best : 1 - best;
		Evidence   *evidence = &lists->evidence[list];
		Lookup		lookup = make_lookup(rows, lists->rank[list][key], true);
		bool		begun = evidence->children > 0;

		lookup.rivals = lookup.local_rivals = begun ? 1 : 2;
		if (i == 0 || expects(evidence, lookup.rank))
			evidence_add(evidence, &lookup);
		else if (begun)
			evidence_add_stray(evidence, &lookup);
	}
}

/* Print how much more often than promised either of two lists comes to rare evidence. */
static void
try_two_lists(int distinct, double exponent)
{
	Rows		rows = make_rows(distinct, key_own);
	double		sums[EVIDENCE_RANKS];
	double		sum = 0.0;
	int			rare = 0;

	for (int rank = 0; rank < distinct; rank++)
		sums[rank] = sum += pow(rank + 1, -exponent);
	for (int i = 0; i < EPISODES; i++)
	{
		TwoLists	lists;
		bool		passed = false;

		evidence_clear(&lists.evidence[0]);
		evidence_clear(&lists.evidence[1]);
		for (int key = 0; key < distinct; key++)
		{
			int			other = uniform() * (key + 1);

			lists.rank[0][key] = key;
			lists.rank[1][key] = lists.rank[1][other];
			lists.rank[1][other] = key;
		}
		for (int j = 0; j < LOOKUPS && !passed; j++)
		{
			look_up_in_two(&lists, &rows, draw(sums, distinct));
			for (int list = 0; list < 2; list++)
				passed |= lists.evidence[list].ordered >= RARE ||
					lists.evidence[list].rising >= RARE ||
					lists.evidence[list].falling >= RARE;
		}
		rare += passed;
	}
	printf("two_lists_%d_%.1f %.2f\n", distinct, exponent, (double) rare / EPISODES / exp(-RARE));
}

/* Print whether a loop that must be whole is proven before its last row, and by it. */
static void
try_whole(int count)
{
	Rows		rows = make_rows(count, key_own);
	Evidence	evidence;
	Verdict		before = VERDICT_NOTHING;

	evidence_clear(&evidence);
	for (int row = 0; row < count; row++)
	{
		Lookup		lookup = make_lookup(&rows, row, true);

		lookup.whole = true;
		before = evidence_verdict(&evidence, 0, 5, false);
		evidence_add(&evidence, &lookup);
	}
	printf("whole_before %d\nwhole_then %d\n", before, evidence_verdict(&evidence, 0, 5, false) == VERDICT_STRONG);
}

/* Requests of one history, and the histories that are tried. */
#define REQUESTS	50
#define HISTORIES	20000

/*
 * What a request adds to the history of its pattern, as claim.c has it, that looks up
 * so many keys of a short list at random.
 */
static double
worth_of_request(const Rows *rows, const double *sums, int distinct, int count)
{
	Evidence	evidence;
	double		worth = 0.0;

	evidence_clear(&evidence);
	for (int i = 0; i < count; i++)
	{
		Lookup		lookup = make_lookup(rows, draw(sums, distinct), true);
		Verdict		verdict;

		lookup.in_request = true;
		evidence_add(&evidence, &lookup);
		verdict = evidence_verdict(&evidence, 0, 5, false);
		if (verdict == VERDICT_COVERED)
			return evidence_worth(&evidence, verdict);
		if (verdict == VERDICT_FAILING)
			worth = parameters->failure;
	}
	return worth;
}

/*
 * Print how much more often than promised the short lists of many requests that look
 * up at random come to a good history, by covering them.
 */
static void
try_short(int distinct, double exponent)
{
	Rows		rows = make_rows(distinct, key_own);
	double		sums[EVIDENCE_RANKS];
	double		sum = 0.0;
	int			good = 0;

	for (int rank = 0; rank < distinct; rank++)
		sums[rank] = sum += pow(rank + 1, -exponent);
	for (int i = 0; i < HISTORIES; i++)
	{
		double		balance = 0.0;

		for (int j = 0; j < REQUESTS && balance < parameters->weak; j++)
			balance += worth_of_request(&rows, sums, distinct, 2 + uniform() * 2 * distinct);
		good += balance >= parameters->weak;
	}
	printf("short_%d_%.1f %.2f\n", distinct, exponent, (double) good / HISTORIES / exp(-parameters->weak));
}

/* Print after how many loops over a short list, from its last row to its first, the history is good. */
static void
try_backwards(int distinct)
{
	Rows		rows = make_rows(distinct, key_own);
	double		balance = 0.0;
	int			requests = 0;

	for (; balance < parameters->weak && requests < REQUESTS; requests++)
	{
		Evidence	evidence;

		evidence_clear(&evidence);
		for (int rank = distinct - 1; rank >= 0; rank--)
		{
			Lookup		lookup = make_lookup(&rows, rank, true);

			lookup.in_request = true;
			evidence_add(&evidence, &lookup);
		}
		balance += evidence_worth(&evidence, evidence_verdict(&evidence, 0, 5, false));
	}
	printf("backwards_%d %d\n", distinct, requests);
}

/* Print by how many lookups a loop over all rows, or half of them, from the last one on is proven. */
static void
try_falling(int count, int step)
{
	Rows		rows = make_rows(count, key_own);
	Evidence	evidence;
	int			strong = 0;

	evidence_clear(&evidence);
	for (int rank = count - 1; rank >= 0 && strong == 0; rank -= step)
	{
		Lookup		lookup = make_lookup(&rows, rank, true);

		evidence_add(&evidence, &lookup);
		if (evidence_verdict(&evidence, 0, 5, false) == VERDICT_STRONG)
			strong = evidence.children;
	}
	printf("falling_%d %d\n", step, strong);
}

int
main(void)
{
	const int	sizes[] = {5, 10, 50, 200, 1000};
	const double exponents[] = {0.0, 1.0, 1.3, 1.4};

	try_loop("plain", 20, key_own, child_each);
	try_loop("six", 6, key_own, child_each);
	try_loop("twice", 10, key_own, child_twice);
	try_loop("third", 30, key_own, child_third);
	try_loop("half", 40, key_own, child_half);
	try_loop("quarter", 60, key_own, child_quarter);
	try_loop("grouped", 20, key_grouped, child_each);
	try_loop("two_keys", 30, key_of_two, child_each);
	try_loop("three_keys", 30, key_of_three, child_each);
	try_loop("four_keys", 30, key_of_four, child_each);
	try_loop("same", 20, key_same, child_each);
	try_whole(20);
	try_falling(30, 1);
	try_falling(30, 2);
	for (int distinct = 5; distinct <= 8; distinct++)
	{
		try_backwards(distinct);
		try_short(distinct, 0.0);
		try_short(distinct, 1.0);
	}
	for (int i = 0; i < lengthof(sizes); i++)
	{
		for (int j = 0; j < lengthof(exponents); j++)
		{
			try_two_lists(sizes[i], exponents[j]);
			try_chance(sizes[i], exponents[j], 0.0, true);
			try_chance(sizes[i], exponents[j], 0.5, true);
			try_chance(sizes[i], exponents[j], 0.0, false);
		}
	}
	return 0;
}
