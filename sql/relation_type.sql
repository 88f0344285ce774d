-- The type of columns that name a relation: regclass, but that in rows which a subscription brings a relation that is
-- not here is none. They are read before a trigger can leave them out.

CREATE TYPE @extschema@._clipperf_relation;
CREATE FUNCTION @extschema@._clipperf_relation_in(cstring)
RETURNS @extschema@._clipperf_relation
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'clipperf_relation_in';
CREATE FUNCTION @extschema@._clipperf_relation_out(@extschema@._clipperf_relation)
RETURNS cstring
LANGUAGE internal STABLE STRICT PARALLEL SAFE
AS 'regclassout';
CREATE FUNCTION @extschema@._clipperf_relation_recv(internal)
RETURNS @extschema@._clipperf_relation
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'regclassrecv';
CREATE FUNCTION @extschema@._clipperf_relation_send(@extschema@._clipperf_relation)
RETURNS bytea
LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
AS 'regclasssend';
CREATE TYPE @extschema@._clipperf_relation (
    INPUT = @extschema@._clipperf_relation_in,
    OUTPUT = @extschema@._clipperf_relation_out,
    RECEIVE = @extschema@._clipperf_relation_recv,
    SEND = @extschema@._clipperf_relation_send,
    LIKE = regclass,
    CATEGORY = 'N'
);
CREATE CAST (@extschema@._clipperf_relation AS regclass) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (@extschema@._clipperf_relation AS oid) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (regclass AS @extschema@._clipperf_relation) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (oid AS @extschema@._clipperf_relation) WITHOUT FUNCTION AS ASSIGNMENT;
COMMENT ON TYPE @extschema@._clipperf_relation IS 'a relation as regclass has it; in rows that a subscription brings it may be none of this database';
COMMENT ON FUNCTION @extschema@._clipperf_relation_in(cstring) IS 'I/O';
COMMENT ON FUNCTION @extschema@._clipperf_relation_out(@extschema@._clipperf_relation) IS 'I/O';
COMMENT ON FUNCTION @extschema@._clipperf_relation_recv(internal) IS 'I/O';
COMMENT ON FUNCTION @extschema@._clipperf_relation_send(@extschema@._clipperf_relation) IS 'I/O';
COMMENT ON CAST (@extschema@._clipperf_relation AS regclass) IS 'it is one';
COMMENT ON CAST (@extschema@._clipperf_relation AS oid) IS 'it is one';
COMMENT ON CAST (regclass AS @extschema@._clipperf_relation) IS 'it is one';
COMMENT ON CAST (oid AS @extschema@._clipperf_relation) IS 'it is one';
