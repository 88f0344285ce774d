/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  What requests of a route may take: limits that are given to the check.
 *
 * The figures are those of clipperf_routes.  A budget that no request was seen for is a problem, too: the tests did not
 * run what it is about, or the route is called otherwise by now.
 *
 *-------------------------------------------------------------------------
 */
#include "check/budget.h"

#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "text.h"

/* The units of time that a limit may have, as PostgreSQL's settings have them. */
typedef struct TimeUnit
{
	const char *name;
	double		milliseconds;
}			TimeUnit;

static const TimeUnit time_units[] = {
	{"us", 0.001},
	{"ms", 1},
	{"s", 1000},
	{"min", 60000}
};

/*
 * Reads a limit of a kind into "most"; false where it is none.
 */
static bool
read_limit(const char *kind, const char *limit, double *most)
{
	char	   *end;

	*most = strtod(limit, &end);
	if (end == limit || !isfinite(*most) || *most <= 0)
		return false;
	if (strcmp(kind, BUDGET_STATEMENTS) == 0)
		return *end == '\0' && *most <= INT_MAX && *most == (int) *most;
	for (size_t i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++)
	{
		if (strcmp(end, time_units[i].name) == 0)
		{
			*most *= time_units[i].milliseconds;
			return true;
		}
	}
	return false;
}

/*
 * Takes an argument of an option, whose route may have "=" in it.
 */
void
add_budget(BudgetList * budgets, const char *kind, const char *argument)
{
	const char *sign = strrchr(argument, '=');
	Budget	   *budget;

	budgets->items = reallocate_memory(budgets->items, (budgets->count + 1) * sizeof(Budget));
	budget = &budgets->items[budgets->count++];
	budget->kind = kind;
	if (sign == NULL || sign == argument)
		fatal("invalid budget \"%s\": must be ROUTE=LIMIT", argument);
	budget->pattern = format_string("%.*s", (int) (sign - argument), argument);
	budget->limit = copy_string(sign + 1);
	if (!read_limit(kind, budget->limit, &budget->most))
		fatal("invalid limit \"%s\" in budget \"%s\": must be %s", budget->limit, argument,
			  strcmp(kind, BUDGET_STATEMENTS) == 0 ? "a whole number of statements, at least 1" :
			  "a time with its unit: us, ms, s or min");
}

/*
 * Adds a problem, which is new until a baseline holds it.
 */
static Problem *
add_problem(Judgement *judgement, const Budget * budget, const char *route, const char *what)
{
	Problem    *problem;

	judgement->problems = reallocate_memory(judgement->problems, (judgement->count + 1) * sizeof(Problem));
	problem = &judgement->problems[judgement->count++];
	memset(problem, 0, sizeof(Problem));
	judgement->new_count++;
	problem->kind = copy_string(budget->kind);
	problem->problem = make_one_line(format_string("%s on route %s: %s", budget->kind, route, what));
	return problem;
}

/*
 * Compares the requests of a route with a budget.
 */
static void
judge_route(Judgement *judgement, Session *session, const Budget * budget, const PGresult *routes, int row)
{
	bool		of_statements = strcmp(budget->kind, BUDGET_STATEMENTS) == 0;
	const char *route = result_value(routes, row, "route");
	const char *figure = result_value(routes, row, of_statements ? "statements_max" : "p95_ms");
	Problem    *problem;
	char	   *literal;

	if (figure == NULL || atof(figure) <= budget->most)
		return;
	problem = add_problem(judgement, budget, route,
						  of_statements ? format_string("a request runs more than %s statement%s", budget->limit,
														budget->most == 1 ? "" : "s") :
						  format_string("more than 5%% of the requests take longer than %s", budget->limit));
	problem->summary = of_statements ?
		format_string("a request runs up to %s statements, %s allowed", figure, budget->limit) :
		format_string("p95 is %s ms, %s allowed", figure, budget->limit);
	problem->evidence = format_string("%s requests; %s statements a request, at most %s; database time p50 %s ms, p95 %s ms",
									  result_value(routes, row, "requests"), result_value(routes, row, "statements_mean"),
									  result_value(routes, row, "statements_max"), result_value(routes, row, "p50_ms"),
									  result_value(routes, row, "p95_ms"));
	literal = PQescapeLiteral(session->connection, route, strlen(route));
	if (literal == NULL)
		fatal("out of memory");
	problem->fix = format_string("SELECT calls, total_ms, query FROM %s.clipperf_queries WHERE route = %s ORDER BY %s DESC;",
								 session->schema, literal, of_statements ? "calls" : "total_ms");
	PQfreemem(literal);
}

/*
 * Judges all budgets, in their order, by the routes of the session's database.
 */
void
judge_budgets(Judgement *judgement, Session *session, const BudgetList * budgets)
{
	char	   *query;
	PGresult   *routes;

	if (budgets->count == 0)
		return;
	query = format_string("SELECT route, requests, round(statements_mean::numeric, 1) AS statements_mean, statements_max,"
						  " round(p50_ms::numeric, 3) AS p50_ms, round(p95_ms::numeric, 3) AS p95_ms"
						  " FROM %s.clipperf_routes WHERE datname = current_database() AND route IS NOT NULL"
						  " ORDER BY route COLLATE \"C\"", session->schema);
	routes = run_query(session, query, 0, NULL);
	for (int i = 0; i < budgets->count; i++)
	{
		const		Budget *budget = &budgets->items[i];
		int			matched = 0;
		bool		is_listed = false;

		for (int row = 0; row < PQntuples(routes); row++)
		{
			if (fnmatch(budget->pattern, result_value(routes, row, "route"), 0) != 0)
				continue;
			matched++;
			judge_route(judgement, session, budget, routes, row);
		}
		if (matched == 0)
			(void) add_problem(judgement, budget, budget->pattern, "no request was seen");
		for (int j = 0; j < judgement->kinds.count; j++)
			is_listed |= strcmp(judgement->kinds.items[j], budget->kind) == 0;
		if (!is_listed)
			list_add(&judgement->kinds, budget->kind);
	}
	PQclear(routes);
	free(query);
}
