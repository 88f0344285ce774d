/*-------------------------------------------------------------------------
 *
 * framework.c
 *	  Frameworks of applications, and what they call the fix of a loop.
 *
 * What is known of an application is a name that itself or its libraries have
 * given, such as "rails_v7.1", "django:4.2" or "express/sequelize:6".
 *
 *-------------------------------------------------------------------------
 */
#include "common/framework.h"

#include <ctype.h>

#include "fmgr.h"
#include "utils/builtins.h"

PGDLLEXPORT Datum clipperf_idiom(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_idiom);

typedef struct Framework
{
	const char *name;			/* how a word of the name begins, in lower
								 * case */
	const char *idiom;
} Framework;

/*
 * Libraries that map objects stand before frameworks that work with several of
 * them.  docs/n-plus-one.md has the same table.
 */
static const Framework frameworks[] = {
	{"sqlalchemy", "SQLAlchemy: options(selectinload(...)) or joinedload(...) on the list's query"},
	{"prisma", "Prisma: include: { ... } in the list's findMany()"},
	{"hibernate", "Hibernate: JOIN FETCH or an entity graph in the list's query, or @BatchSize on the association"},
	{"sequelize", "Sequelize: include: [...] in the list's findAll()"},
	{"typeorm", "TypeORM: relations: { ... } in the list's find(), or leftJoinAndSelect()"},
	{"objection", "Objection: withGraphFetched('...') on the list's query"},
	{"gorm", "GORM: Preload(\"...\") or Joins(\"...\") before the list's Find()"},
	{"ecto", "Ecto: preload: [...] in the list's query, or Repo.preload()"},
	{"eloquent", "Eloquent: with('...') on the list's query, or load() on its models"},
	{"doctrine", "Doctrine: addSelect() with leftJoin() in the list's query"},
	{"sequel", "Sequel: eager(...) or eager_graph(...) on the list's dataset"},
	{"active_record", "ActiveRecord: includes(...) or preload(...) on the list's relation"},
	{"activerecord", "ActiveRecord: includes(...) or preload(...) on the list's relation"},
	{"rails", "ActiveRecord: includes(...) or preload(...) on the list's relation"},
	{"django", "Django: select_related(...) for one row each, prefetch_related(...) for several, on the list's queryset"},
	{"laravel", "Eloquent: with('...') on the list's query, or load() on its models"},
	{"phoenix", "Ecto: preload: [...] in the list's query, or Repo.preload()"},
	{"symfony", "Doctrine: addSelect() with leftJoin() in the list's query"},
	{"spring", "Hibernate: JOIN FETCH or an entity graph in the list's query, or @BatchSize on the association"},
	{"flask", "SQLAlchemy: options(selectinload(...)) or joinedload(...) on the list's query"},
	{"fastapi", "SQLAlchemy: options(selectinload(...)) or joinedload(...) on the list's query"}
};

/* Does a word of the name begin with this text in lower case? */
static bool
has_word(const char *name, const char *beginning)
{
	for (const char *at = name; *at != '\0'; at++)
		if ((at == name || !isalpha((unsigned char) at[-1])) &&
			pg_strncasecmp(at, beginning, strlen(beginning)) == 0)
			return true;
	return false;
}

/* What one writes there to load rows together with a list; NULL = not known. */
const char *
framework_idiom(const char *name)
{
	for (int i = 0; i < lengthof(frameworks); i++)
		if (has_word(name, frameworks[i].name))
			return frameworks[i].idiom;
	return NULL;
}

/* Does a name contain that of a framework whose idiom is known? */
bool
framework_is_known(const char *name)
{
	return framework_idiom(name) != NULL;
}

/* _clipperf_idiom(framework text): see framework_idiom(). */
Datum
clipperf_idiom(PG_FUNCTION_ARGS)
{
	const char *idiom = framework_idiom(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	if (idiom == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(idiom));
}
