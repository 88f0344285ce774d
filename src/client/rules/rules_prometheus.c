/*-------------------------------------------------------------------------
 *
 * rules_prometheus.c
 *	  Objectives as rules of alerts for Prometheus.
 *
 * They say what clipperf_slo says: two windows must both burn the budget so many times too fast, and enough requests of
 * the long one be bad.
 *
 *-------------------------------------------------------------------------
 */
#include "rules/rules.h"

#include <string.h>

#include "json.h"
#include "memory.h"

/* Google, The Site Reliability Workbook, chapter 5, as in sql/endpoints.sql. */
typedef struct BurnRule
{
	const char *severity;
	const char *factor;
	const char *long_window;
	const char *short_window;
} BurnRule;

static const BurnRule burn_rules[] = {
	{"critical", "14.4", "1h", "5m"},
	{"critical", "6", "6h", "30m"},
	{"warning", "3", "1d", "2h"},
	{"warning", "1", "3d", "6h"}
};

/*
 * Writes the condition that within a window the budget burns so many times too fast.
 */
static void
put_burns(FILE *out, const Objectives *objectives, const EndpointObjectives *endpoint, const RatioObjective *objective,
		  const char *window, const char *factor)
{
	fputs("rate(clipperf_objective_bad_requests_total", out);
	put_selector(out, objectives, endpoint, objective->name);
	fprintf(out, "[%s]) / ignoring (objective) rate(clipperf_endpoint_requests_total", window);
	put_selector(out, objectives, endpoint, NULL);
	fprintf(out, "[%s]) > %s * %s\n", window, factor, objective->allowed);
}

/*
 * Writes the alert of one rule on one objective.
 */
static void
put_burn_alert(FILE *out, const Objectives *objectives, const EndpointObjectives *endpoint,
			   const RatioObjective *objective, const BurnRule *rule, const char *name)
{
	fputs("      - alert: ClipperfBudgetBurns\n"
		  "        expr: |\n"
		  "          ", out);
	put_burns(out, objectives, endpoint, objective, rule->long_window, rule->factor);
	fputs("          and ", out);
	put_burns(out, objectives, endpoint, objective, rule->short_window, rule->factor);
	fputs("          and ignoring (objective) increase(clipperf_objective_bad_requests_total", out);
	put_selector(out, objectives, endpoint, objective->name);
	fprintf(out, "[%s]) >= %s\n", rule->long_window, endpoint->min_bad);
	fprintf(out, "        labels: {severity: %s, objective: %s, window: %s, slo: %s}\n"
			"        annotations:\n"
			"          summary: \"{{ $labels.endpoint }} in {{ $labels.database }} spends its budget of %s more than %s times too fast\"\n",
			rule->severity, objective->name, rule->long_window, name,
			strcmp(objective->name, "errors") == 0 ? "errors" : "slow requests",
			rule->factor);
}

/*
 * Writes the alert on too few requests.
 */
static void
put_throughput_alert(FILE *out, const Objectives *objectives, const EndpointObjectives *endpoint, const char *name)
{
	fputs("      - alert: ClipperfTooFewRequests\n"
		  "        expr: |\n"
		  "          rate(clipperf_endpoint_requests_total", out);
	put_selector(out, objectives, endpoint, NULL);
	fprintf(out, "[5m]) < %s\n"
			"        for: 15m\n"
			"        labels: {severity: warning, slo: %s}\n"
			"        annotations:\n"
			"          summary: \"{{ $labels.endpoint }} in {{ $labels.database }} has {{ printf \\\"%%.1f\\\" $value }} requests per second, not %s\"\n",
			endpoint->min_requests_per_second, name, endpoint->min_requests_per_second);
}

/*
 * Writes the rules of all endpoints.
 */
void
put_rules_prometheus(FILE *out, const void *result)
{
	const Objectives *objectives = result;
	StringList	names = {0};

	fputs("# Alerts on the objectives of clipperf_endpoints, made by \"clipperf rules\": make them again when it has changed.\n"
		  "groups:", out);
	fputs(objectives->count == 0 ? " []\n" : "\n", out);
	for (int i = 0; i < objectives->count; i++)
	{
		const EndpointObjectives *endpoint = &objectives->endpoints[i];
		RatioObjective ratios[2];
		int			count = ratio_objectives(endpoint, ratios);

		fputs("  - name: ", out);
		json_put_quoted(out, format_string("clipperf %s: %s", objectives->database, endpoint->name));
		fputs("\n    rules:\n", out);
		for (int ratio = 0; ratio < count; ratio++)
		{
			char	   *name = objective_name(&names, endpoint, ratios[ratio].name);

			for (size_t rule = 0; rule < sizeof(burn_rules) / sizeof(burn_rules[0]); rule++)
				put_burn_alert(out, objectives, endpoint, &ratios[ratio], &burn_rules[rule], name);
		}
		if (endpoint->min_requests_per_second != NULL)
			put_throughput_alert(out, objectives, endpoint, objective_name(&names, endpoint, "throughput"));
	}
}
