package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/millrace/millrace/aggregator/datum"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/cmd/millrace/internal/rows"
	"github.com/millrace/millrace/topology"
)

// intake carries out a statement that writes rows into a stream. PostgreSQL
// evaluates it, in the person's own session, into a temporary table with the
// stream's columns; what is there then goes to the stream's topic, all or
// nothing. The transaction around it is committed last: what functions in the
// statement did to tables stays if, and only if, the rows have been written.
//
// The table has a name of its own, put in the place of the stream's: a statement
// that reads the stream too must not find an empty table.
type intake struct {
	session *Session
	stream  *topology.Stream
	text    string           // the person's statement
	target  statement.Target // the stream's name in it
	alias   string           // what stands behind the table's name
}

const (
	intakeTable = "millrace intake"
	intakeName  = `pg_temp."` + intakeTable + `"`
)

// printing has values printed in one way, whatever the session's settings are:
// they have done their part when the statement was evaluated. Constraints that
// are deferred are checked before anything is produced.
const printing = `SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL search_path = ''; SET LOCAL datestyle = 'ISO, MDY';
	SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL timezone = 'UTC';
	SET LOCAL bytea_output = 'hex'; SET LOCAL client_encoding = 'UTF8'`

// run has evaluate carry out the statement on the table that it is given in the
// stream's place, and produces what is there then.
func (in *intake) run(ctx context.Context, evaluate func(ctx context.Context, sql string) error) error {
	s := in.session
	if s.InTransaction() {
		return &datum.Error{
			Code: "25001", Message: fmt.Sprintf("cannot write into stream %q inside a transaction block", in.stream.Name), Position: in.target.Pos,
			Hint: "COMMIT or ROLLBACK first: a stream's rows go to Kafka, which takes no part in the transaction. " +
				"Each statement alone is written whole or not at all.",
		}
	}
	if in.stream.Inferred {
		return &datum.Error{
			Code: "42809", Message: fmt.Sprintf("stream %q has no columns of its own", in.stream.Name), Position: in.target.Pos,
			Detail: "It was not created: each of its views casts the fields that it reads.",
			Hint:   "Produce JSON to its topic: `millrace produce " + in.stream.Name + " FILE`.",
		}
	}
	err := in.transact(ctx, evaluate)
	if err == nil {
		return nil
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_ = s.conn.Exec(end, "ROLLBACK").Close() // of a connection that is lost, nothing is left to undo
	return err
}

const rollbackTimeout = 5 * time.Second

func (in *intake) transact(ctx context.Context, evaluate func(ctx context.Context, sql string) error) error {
	conn := in.session.conn
	if err := in.create(ctx); err != nil {
		return withoutForeignPosition(err)
	}
	if err := evaluate(ctx, in.retargeted()); err != nil {
		return in.placed(err)
	}
	if conn.TxStatus() != 'T' {
		return datum.Errorf(datum.CodeFeatureNotSupported, "the statement ended its transaction")
	}
	if err := conn.Exec(ctx, printing).Close(); err != nil {
		return in.placed(err)
	}
	records, err := in.produce(ctx)
	if err != nil {
		return err
	}
	return in.late(conn.Exec(ctx, "COMMIT").Close(), records)
}

// late is an error of the transaction's end, when the rows are written.
func (in *intake) late(err error, records int64) error {
	var pg *pgconn.PgError
	if err == nil || records == 0 {
		return err
	}
	detail := fmt.Sprintf("Its %d rows are in the stream; what the statement did besides is undone.", records)
	if errors.As(err, &pg) {
		said := *pg
		said.Detail = detail
		return &said
	}
	return fmt.Errorf("the end of the statement's transaction in PostgreSQL was not confirmed: %w. %s", err, detail)
}

// create begins the transaction and makes the table.
func (in *intake) create(ctx context.Context) error {
	s := in.session
	var oids, typmods []string
	for _, c := range in.stream.Columns {
		oids = append(oids, strconv.FormatUint(uint64(c.OID), 10))
		typmods = append(typmods, strconv.FormatInt(int64(c.Typmod), 10))
	}
	results, err := s.conn.Exec(ctx, fmt.Sprintf(`BEGIN READ WRITE;
		SELECT pg_catalog.format_type(o, t) FROM ROWS FROM (pg_catalog.unnest('{%s}'::oid[]), pg_catalog.unnest('{%s}'::int4[]))
			WITH ORDINALITY u(o, t, i) ORDER BY i`,
		strings.Join(oids, ","), strings.Join(typmods, ","))).ReadAll()
	if err != nil {
		return err
	}
	columns := make([]string, len(in.stream.Columns))
	for i, c := range in.stream.Columns {
		columns[i] = pgx.Identifier{c.Name}.Sanitize() + " " + string(results[1].Rows[i][0])
		if c.Default != nil {
			columns[i] += " DEFAULT " + literal(*c.Default)
		}
		if c.NotNull {
			columns[i] += " NOT NULL"
		}
	}
	return s.conn.Exec(ctx, "CREATE TEMP TABLE "+intakeName+" ("+strings.Join(columns, ", ")+") ON COMMIT DROP").Close()
}

// literal writes a text as a constant, whatever standard_conforming_strings says.
func literal(text string) string {
	return ` E'` + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + `'`
}

// inPlace is what stands in the place of the stream's name.
func (in *intake) inPlace() string { return intakeName + in.alias }

func (in *intake) retargeted() string {
	return in.text[:in.target.Start] + in.inPlace() + in.text[in.target.End:]
}

// placed turns an error about the statement that was carried out into one about
// the statement that was written.
func (in *intake) placed(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	said := *pg
	for _, text := range []*string{&said.Message, &said.Detail, &said.Hint, &said.Where} {
		*text = strings.ReplaceAll(*text, intakeTable, in.stream.Name)
	}
	begin := int32(in.target.Pos)
	put, written := runes(in.inPlace()), runes(in.text[in.target.Start:in.target.End])
	switch {
	case said.Position >= begin+put:
		said.Position += written - put
	case said.Position > begin:
		said.Position = begin
	}
	return &said
}

func runes(text string) int32 { return int32(len([]rune(text))) }

// produce writes the table's rows to the topic.
func (in *intake) produce(ctx context.Context) (int64, error) {
	size, err := in.size(ctx)
	if err != nil {
		return 0, err
	}
	// Where producing fails, PostgreSQL need not send the rest.
	reading, stop := context.WithCancel(ctx)
	defer stop()
	results := in.session.conn.Exec(reading, "SELECT * FROM "+intakeName)
	if !results.NextResult() {
		return 0, results.Close()
	}
	records, err := in.send(ctx, results.ResultReader(), size)
	if records != nil {
		defer records.Abort()
	}
	if err != nil {
		stop()
		return 0, firstError(err, results.Close())
	}
	if err := results.Close(); err != nil || records == nil {
		return 0, err
	}
	if err := records.Commit(ctx); err != nil {
		return 0, err
	}
	return records.Records(), nil
}

// send adds the rows to a batch of records, which is nil where there are none.
func (in *intake) send(ctx context.Context, reader *pgconn.ResultReader, size int64) (records Records, err error) {
	var names []string
	var oids []uint32
	for _, f := range reader.FieldDescriptions() {
		names, oids = append(names, f.Name), append(oids, f.DataTypeOID)
	}
	writer, err := rows.For(in.stream, names, oids)
	if err != nil {
		return nil, err
	}
	var record []byte
	for reader.NextRow() {
		if records == nil {
			if records, err = in.session.Millrace.Write(ctx, in.stream, size); err != nil {
				return nil, err
			}
		}
		value, err := writer.Append(record[:0], reader.Values())
		if err == nil {
			err = records.Add(ctx, value)
		}
		if err != nil {
			return records, err
		}
		if value != nil {
			record = value
		}
	}
	return records, nil
}

// size is about how many bytes the rows have.
func (in *intake) size(ctx context.Context) (int64, error) {
	results, err := in.session.conn.Exec(ctx, "SELECT pg_catalog.pg_table_size('"+intakeName+"')").ReadAll()
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(results[0].Rows[0][0]), 10, 64)
}
