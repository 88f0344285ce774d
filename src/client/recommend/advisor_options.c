/*-------------------------------------------------------------------------
 *
 * advisor_options.c
 *	  The options of the commands that run the advisor.
 *
 *-------------------------------------------------------------------------
 */
#include "recommend/advisor_options.h"

#include "recommend/recommend.h"

const Format advice_formats[] = {
	{"text", put_advice_text},
	{"json", put_advice_json},
	{NULL, NULL}
};

/*
 * Takes an option of the advisor, whose argument is in optarg.  Returns false where it is none of them.
 */
bool
take_advisor_option(int option, Call *call)
{
	switch (option)
	{
		case OPTION_MAX_INDEXES:
			call_add(call, "max_indexes", whole_number("--max-indexes"));
			return true;
		case OPTION_MIN_BENEFIT:
			call_add(call, "min_benefit", optarg);
			return true;
		case OPTION_STORAGE_BUDGET:
			call_add(call, "storage_budget", optarg);
			return true;
		case OPTION_TIME_LIMIT:
			call_add(call, "time_limit", optarg);
			return true;
		default:
			return false;
	}
}

/*
 * Prints the part of the help that is the same for these commands.
 */
void
print_advisor_help(void)
{
	printf("What is recommended:\n"
		   "      --max-indexes=NUMBER  at most so many new indexes\n"
		   "      --min-benefit=SHARE   the least share of the time that an index must save\n"
		   "                            (default: 0.01)\n"
		   "      --storage-budget=SIZE the most that the new indexes may take, as 500MB\n"
		   "      --time-limit=INTERVAL the best that is found in this time, as 30s\n\n"
		   "Output:\n"
		   "      --format=FORMAT       format of standard output: text (default) or json\n"
		   "      --output=FORMAT:FILE  also write to a file; may be repeated\n"
		   "  -q, --quiet               write nothing to standard output\n");
}
