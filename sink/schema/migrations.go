package schema

// migrations are the steps from an empty database to the newest version; the
// version of a database is how many of them it has seen. A released step is
// never edited: what it lacks goes into a new one.
//
// Partitions, ledger and result tables leave a fifth of each page free, so that
// the updates of a fold stay on their page and touch no index.
//
// millrace.views holds regclass, not oid: pg_dump writes names, so a restored
// database knows its views.
//
// millrace.raise takes the type of its (never returned) result from its second
// argument. It is STABLE, not VOLATILE, so that a view which mentions it is
// still merged into the query that reads it; its first argument is always a
// column, so no plan can evaluate it early.
var migrations = []string{`
CREATE TABLE millrace.partitions (
	cluster    text        NOT NULL,
	topic      text        NOT NULL,
	partition  integer     NOT NULL,
	owner      uuid,
	term       bigint      NOT NULL,
	position   bigint      NOT NULL CHECK (position >= 0),
	claimed_at timestamptz NOT NULL,
	folded_at  timestamptz,
	PRIMARY KEY (cluster, topic, partition)
) WITH (fillfactor = 80);
COMMENT ON TABLE millrace.partitions IS 'Millrace: who folds each partition of the partials topics, and up to which offset it is folded';

CREATE TABLE millrace.ledger (
	cluster         text     NOT NULL,
	topic           text     NOT NULL,
	partition       integer  NOT NULL,
	view            uuid     NOT NULL,
	shard           integer  NOT NULL,
	input_topic     uuid     NOT NULL,
	input_partition integer  NOT NULL,
	from_offset     bigint   NOT NULL,
	to_offset       bigint   NOT NULL,
	max_time        bigint   NOT NULL,
	CHECK (from_offset <= to_offset),
	PRIMARY KEY (cluster, topic, partition, view, shard, input_topic, input_partition)
) WITH (fillfactor = 80);
CREATE INDEX ledger_view ON millrace.ledger (cluster, view);
COMMENT ON TABLE millrace.ledger IS 'Millrace: the input offsets [from_offset, to_offset) that each shard of each view holds; max_time in milliseconds since 1970';

CREATE TABLE millrace.views (
	cluster    text        NOT NULL,
	id         uuid        NOT NULL,
	name       text        NOT NULL,
	revision   bigint      NOT NULL,
	definition text        NOT NULL,
	view       regclass    NOT NULL,
	mrel       regclass    NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	PRIMARY KEY (cluster, id)
);
COMMENT ON TABLE millrace.views IS 'Millrace: the continuous views whose results are in this database';

CREATE FUNCTION millrace.raise(error text, witness anyelement) RETURNS anyelement
	LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	RAISE EXCEPTION USING
		ERRCODE = pg_catalog.left(error, 5),
		MESSAGE = pg_catalog.substr(error, 7),
		HINT = 'This group of the continuous view is in error since the value that caused this. Leave the group out by its GROUP BY columns.';
END $$;
COMMENT ON FUNCTION millrace.raise(text, anyelement) IS 'Millrace: raises the error that a group is in (SQLSTATE, blank, message)';
`, clusterStep, timesStep}

// Version is the version of the database objects that this code installs.
const Version = timesVersion
