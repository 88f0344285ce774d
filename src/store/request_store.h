/*-------------------------------------------------------------------------
 *
 * request_store.h
 *	  The requests of all backends: see request_store.c for the contract.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REQUEST_STORE_H
#define CLIPPERF_REQUEST_STORE_H

#include "compat.h"

#include "hotpath.h"
#include "port/atomics.h"
#include "store/request_table.h"
#include "store/store.h"

/* A statement of the client has ended: it goes on with its request, or begins one. */
extern void requests_add(const RequestRecord *part);

/* The statement that was added last belongs to these endpoints, too. */
extern void requests_add_marks(EndpointMarks marks);

/* A transaction has ended: so has the request that it was. */
extern void requests_end_transaction(void);

/* All that has ended, palloc'd; also what is pending, and pauses for idle_us. */
extern RequestTable *requests_copy(int64 idle_us);

/* The request that a process has under way; false if it has none. */
extern bool requests_read_open(int number, RequestRecord *record);

/* All that has ended for good, palloc'd. */
extern RequestTable *requests_copy_ended(void);

/* Choose what of this database has metrics of its own, in such a copy. */
extern void requests_choose_exports(RequestTable *table);

/*
 * Raised when the rules of endpoints have changed, in whatever database.
 */
HOTPATH_EXTERN pg_atomic_uint32 *requests_rules_generation;

/* An endpoint that statements belong to. */
typedef struct MarkedRule
{
	int32		mark;			/* bit of an EndpointMarks */
	EndpointRule rule;
} MarkedRule;

/* Those of this database; -1 if that cannot be told without waiting. */
extern int	requests_marked_rules(MarkedRule *rules, uint32 *generation);

/* Do these rules of a database count?  Let them. */
extern bool requests_have_rules(Oid dbid, const EndpointRule *rules, int count);
extern void requests_set_rules(Oid dbid, const EndpointRule *rules, int count);

/* For how many of these is no room? */
extern int	requests_rules_left_over(Oid dbid, const EndpointRule *rules,
									 int count);

/* The databases that have rules, ENDPOINT_MAX at most; their number. */
extern int	requests_rule_databases(Oid *dbids);

extern const StoreModule request_module;

#endif							/* CLIPPERF_REQUEST_STORE_H */
