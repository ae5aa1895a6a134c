package schema

// timesStep is the migration that brings PipelineDB's functions of times, which
// PostgreSQL does not have: year to second truncate, date_round goes back to a
// multiple of an interval since 2000-01-01 in UTC. The analysis of a SELECT finds them behind
// all that the user's search_path finds.
const timesStep = `
CREATE FUNCTION millrace.year(timestamptz) RETURNS timestamptz LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN pg_catalog.date_trunc('year', $1);
CREATE FUNCTION millrace.month(timestamptz) RETURNS timestamptz LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN pg_catalog.date_trunc('month', $1);
CREATE FUNCTION millrace.day(timestamptz) RETURNS timestamptz LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN pg_catalog.date_trunc('day', $1);
CREATE FUNCTION millrace.hour(timestamptz) RETURNS timestamptz LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN pg_catalog.date_trunc('hour', $1);
CREATE FUNCTION millrace.minute(timestamptz) RETURNS timestamptz LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN pg_catalog.date_trunc('minute', $1);
CREATE FUNCTION millrace.second(timestamptz) RETURNS timestamptz LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN pg_catalog.date_trunc('second', $1);
CREATE FUNCTION millrace.date_round(timestamptz, interval) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN pg_catalog.date_bin($2, $1, TIMESTAMPTZ '2000-01-01 00:00:00+00');
COMMENT ON FUNCTION millrace.date_round(timestamptz, interval) IS 'Millrace: the time back at a multiple of the interval since 2000-01-01 in UTC';
`

// timesVersion is the version that timesStep leads to.
const timesVersion = clusterVersion + 1
