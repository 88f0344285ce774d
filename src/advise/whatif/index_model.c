/*-------------------------------------------------------------------------
 *
 * index_model.c
 *	  What statistics tell every size model of an index's keys.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/index_model.h"

#include "access/tupmacs.h"
#include "nodes/makefuncs.h"
#include "optimizer/pathnode.h"
#include "parser/parse_relation.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

/*
 * Set the model's "root" and "rel" to the planner's view of its table, which is
 * open and locked: its size, statistics and number 1.
 */
void
index_model_look(IndexModel *model)
{
	Query	   *query = makeNode(Query);
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	PlannerInfo *root = makeNode(PlannerInfo);

	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(model->heap);
	rte->relkind = model->heap->rd_rel->relkind;
	rte->rellockmode = AccessShareLock;
	rte->eref = makeAlias(RelationGetRelationName(model->heap), NIL);
	rte->inFromCl = true;
	ADD_RTE_PERMISSIONS(query, rte);
	query->commandType = CMD_SELECT;
	query->rtable = list_make1(rte);

	root->parse = query;
	root->glob = makeNode(PlannerGlobal);
	root->query_level = 1;
	root->planner_cxt = CurrentMemoryContext;
	root->wt_param_id = -1;
	setup_simple_rel_arrays(root);
	model->root = root;
	model->rel = build_simple_rel(root, 1, NULL);
	model->rel->rows = model->rel->tuples;
}

/* Average size of the data of an index row, from statistics, in bytes. */
double
index_model_width(const IndexModel *model)
{
	Oid			relid = RelationGetRelid(model->heap);
	double		width = 0;

	for (int i = 0; i < model->def->nkeys + model->def->nincluded; i++)
	{
		AttrNumber	attno = i < model->def->nkeys ?
			model->def->keys[i].attno :
			model->def->included[i - model->def->nkeys];
		int			known = attno > 0 ? get_attavgwidth(relid, attno) : 0;
		Oid			type = attno > 0 ? get_atttype(relid, attno) :
			model->def->keys[i].type;
		int16		length;
		bool		by_value;
		char		align;

		get_typlenbyvalalign(type, &length, &by_value, &align);
		if (length > 0)
			width = att_align_nominal((Size) width, align);
		width += known > 0 ? known : get_typavgwidth(type, -1);
	}
	return width;
}

/* Estimated number of distinct keys of all rows in the index, at least 1. */
double
index_model_distinct(const IndexModel *model)
{
	List	   *keys = NIL;

	for (int i = 0; i < model->def->nkeys; i++)
	{
		const IndexKey *key = &model->def->keys[i];
		Node	   *expr = key->expr;

		if (key->attno != 0)
			expr = (Node *) makeVar(1, key->attno, key->type, -1,
									key->collation, 0);
		keys = lappend(keys, expr);
	}
	return Max(estimate_num_groups(model->root, keys, Max(model->tuples, 1),
								   NULL, NULL), 1);
}
