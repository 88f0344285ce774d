/*-------------------------------------------------------------------------
 *
 * index_def_spell.h
 *	  Expressions whose text says all that they are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_DEF_SPELL_H
#define CLIPPERF_INDEX_DEF_SPELL_H

#include "compat.h"

#include "nodes/nodes.h"

/* A copy that the server's deparser writes down in full. */
extern Node *index_def_spell_out(Node *expr);

#endif							/* CLIPPERF_INDEX_DEF_SPELL_H */
