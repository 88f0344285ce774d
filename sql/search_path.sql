-- Names in what follows mean the server's objects and those of this schema, even where the schema is one that
-- others may create objects in: views and bodies of functions are parsed here, once, and keep what they found.
SET LOCAL search_path = pg_catalog, pg_temp;
