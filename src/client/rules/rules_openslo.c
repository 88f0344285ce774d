/*-------------------------------------------------------------------------
 *
 * rules_openslo.c
 *	  Objectives as documents of OpenSLO v1.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/rules.h"

#include <string.h>

#include "json.h"
#include "memory.h"
#include "message.h"

/*
 * Writes a metric of a ratio: a counter, of the series that the selector chooses.
 */
static void
put_metric(FILE *out, const char *key, const char *metric, const Objectives *objectives,
		   const EndpointObjectives *endpoint, const char *objective)
{
	char	   *query;
	size_t		length;
	FILE	   *stream = open_memstream(&query, &length);

	if (stream == NULL)
		fatal("out of memory");
	fputs(metric, stream);
	put_selector(stream, objectives, endpoint, objective);
	if (fclose(stream) != 0)
		fatal("out of memory");
	fprintf(out, "        %s:\n          metricSource:\n            type: Prometheus\n            spec:\n              query: ", key);
	json_put_quoted(out, query);
	putc('\n', out);
}

/*
 * Writes one objective of an endpoint.
 */
static void
put_slo(FILE *out, const Objectives *objectives, const EndpointObjectives *endpoint, const RatioObjective *objective,
		const char *service, const char *name)
{
	const char *what = strcmp(objective->name, "errors") == 0 ? "have no error" :
		strcmp(endpoint->measured, "database") == 0 ?
		format_string("take at most %s ms in the database", endpoint->target_ms) :
		format_string("take at most %s ms from their first statement to the end of the last", endpoint->target_ms);

	fprintf(out, "---\napiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: %s\n  displayName: ", name);
	json_put_quoted(out, format_string("%s: %s", endpoint->name, objective->name));
	fprintf(out, "\nspec:\n  description: ");
	json_put_quoted(out, format_string("Requests of \"%s\" that %s.", endpoint->name, what));
	fprintf(out, "\n  service: %s\n  indicator:\n    metadata:\n      name: %s\n    spec:\n      ratioMetric:\n        counter: true\n",
			service, name);
	put_metric(out, "bad", "clipperf_objective_bad_requests_total", objectives, endpoint, objective->name);
	put_metric(out, "total", "clipperf_endpoint_requests_total", objectives, endpoint, NULL);
	fprintf(out, "  timeWindow:\n    - duration: 3d\n      isRolling: true\n  budgetingMethod: Occurrences\n"
			"  objectives:\n    - displayName: ");
	json_put_quoted(out, format_string("%s of requests %s", objective->target, what));
	fprintf(out, "\n      target: %s\n", objective->target);
}

/*
 * Writes the database as a service, and a document for each objective of its endpoints.
 */
void
put_rules_openslo(FILE *out, const void *result)
{
	const Objectives *objectives = result;
	char	   *service = plain_name(objectives->database);
	StringList	names = {0};

	fprintf(out, "apiVersion: openslo/v1\nkind: Service\nmetadata:\n  name: %s\n  displayName: ", service);
	json_put_quoted(out, objectives->database);
	fprintf(out, "\nspec:\n  description: ");
	json_put_quoted(out, format_string("The application of database \"%s\", by clipperf_endpoints.", objectives->database));
	putc('\n', out);
	for (int i = 0; i < objectives->count; i++)
	{
		const EndpointObjectives *endpoint = &objectives->endpoints[i];
		RatioObjective ratios[2];
		int			count = ratio_objectives(endpoint, ratios);

		for (int ratio = 0; ratio < count; ratio++)
			put_slo(out, objectives, endpoint, &ratios[ratio], service,
					objective_name(&names, endpoint, ratios[ratio].name));
	}
}
