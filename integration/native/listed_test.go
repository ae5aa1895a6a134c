package native

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/millrace/millrace/aggregator/query"
	"github.com/millrace/millrace/aggregator/statement"
	"github.com/millrace/millrace/sink/analyse"
	"github.com/millrace/millrace/sink/schema"
)

// listed is what the language promises to be native, each as a person would write
// it over a stream of a column for every type.
var listed = []struct{ subject, expressions string }{
	{"logic", "b AND NOT b OR b; i4 = 1; i4 <> i8; n < f8; t <= 'x'; d > ts; tz >= ts; i4 IS NULL; t IS NOT NULL; b IS TRUE; b IS NOT FALSE; b IS UNKNOWN; " +
		"i4 IS DISTINCT FROM 1; t IS NOT DISTINCT FROM v; i4 BETWEEN 1 AND 2; i4 IN (1, 2); t NOT IN ('a', 'b'); i4 = ANY (ARRAY[1, 2]); i4 = ANY (a4); t <> ALL (at); " +
		"CASE WHEN b THEN 1 ELSE 2 END; CASE i4 WHEN 1 THEN 'a' END; coalesce(t, 'x'); nullif(i4, 0); greatest(i4, 2); least(u, u); greatest(n, 2.5); least(tm, '12:00')"},
	{"comparisons", "by = by; by < '\\x00'; c = 'a'; u = u; u > u; jb = jb; jb < '{}'; ip = ip; ip < '10.0.0.1'; ci = ci; tm = '12:00'; a4 = a4; at < at; iv > '1 day'; c < 'b'; greatest(jb, jb); nullif(by, '\\x')"},
	{"arithmetic", "i2 + i4; i4 - i8; i8 * 2; i4 / 2; i4 % 3; -i2; f4 + f8; f8 ^ 2; n + 1; n - n; n * 2; n / 3; n % 2; n ^ 2; -n; d + 1; d - d; d + iv; d + tm; ts + iv; ts - ts; tz - iv; " +
		"tm + iv; tm - tm; iv + iv; iv * 2; iv / 2; -iv; i4 & 1; i8 | i8; i2 # i2; ~i4; i4 << 2; i8 >> 3; t || t; t || i4; by || by"},
	{"casts", "i4::boolean; b::integer; i8::smallint; f8::integer; n::bigint; i4::numeric(10,2); t::integer; i4::text; t::numeric; t::bytea; by::text; t::date; t::time; t::timestamp; t::timestamptz; " +
		"t::interval; t::uuid; u::text; t::json; j::jsonb; jb::json; jb::text; ts::date; ts::time; tz::time; tz::timestamp; d::timestamptz; iv::time; tm::interval; jb::integer; jb::numeric; jb::boolean; " +
		"t::varchar(3); t::char(3); c::text; t::inet; ip::text; ci::inet; ip::cidr; t::integer[]; at::text; a4::bigint[]; at::integer[]; av::text[]; f8::real; tm::time(0); ts::timestamp(3); iv::interval day; b::text"},
	{"mathematics", "abs(i4); abs(f8); abs(n); ceil(f8); ceiling(n); floor(n); floor(f8); round(f8); round(n); round(n, 2); trunc(n, 1); trunc(f8); sign(n); sign(f8); sqrt(f8); sqrt(n); cbrt(f8); exp(f8); exp(n); " +
		"ln(f8); ln(n); log(f8); log(n); log(2, n); log10(n); power(f8, 2); power(n, 2); pow(n, 2); mod(i4, 2); mod(i8, i8); mod(n, 2); div(n, 2); degrees(f8); radians(f8); " +
		"width_bucket(f8, 0, 10, 5); width_bucket(n, 0, 10, 5)"},
	{"texts", "length(t); octet_length(t); lower(t); upper(v); initcap(t); trim(t); btrim(t, 'x'); ltrim(t); rtrim(t, ' '); trim(both 'x' from t); substr(t, 2); substr(t, 1, 2); substring(t, 2); " +
		"substring(t from 1 for 2); left(t, 2); right(t, 2); lpad(t, 5); rpad(t, 5, 'x'); replace(t, 'a', 'b'); translate(t, 'a', 'b'); split_part(t, ',', 1); strpos(t, 'a'); position('a' in t); " +
		"concat(t, i4, 'x', NULL, by); concat_ws(',', t, i4, d); repeat(t, 3); reverse(t); starts_with(t, 'a'); md5(t); ascii(t); chr(i4); t LIKE 'a%'; t NOT LIKE '%b'; t ILIKE 'A%'; t LIKE 'a#%' ESCAPE '#'; " +
		"c LIKE 'a%'; t ~ '^a+$'; t ~* 'abc'; t !~ '[0-9]'; t !~* 'x|y'; regexp_replace(t, '[0-9]+', '#'); regexp_replace(t, 'a', 'b', 'g'); length(c); overlay(t placing 'x' from 2)"},
	{"times", "date_trunc('hour', ts); date_trunc('day', tz); date_trunc('day', tz, 'Europe/Berlin'); date_trunc('month', iv); date_trunc('week', d); date_bin('5 minutes', ts, '2000-01-01'); " +
		"date_bin('5 minutes', tz, '2000-01-01'); date_part('year', ts); extract(epoch from tz); extract(dow from d); extract(hour from tm); extract(day from iv); ts AT TIME ZONE 'UTC'; " +
		"tz AT TIME ZONE 'America/New_York'; ts AT TIME ZONE INTERVAL '02:00'; to_timestamp(f8); make_date(i4, 1, 2); make_timestamp(i4, 1, 2, 3, 4, f8); make_timestamptz(i4, 1, 2, 3, 4, 5); make_time(i4, 2, 3); " +
		"make_interval(0, 0, 0, i4, 0, 0, 0); date_round(tz, '5 minutes'); year(tz); month(tz); day(tz); hour(tz); minute(tz); second(tz); justify_hours(iv); justify_days(iv); justify_interval(iv); isfinite(ts)"},
	{"json", "j -> 'a'; j ->> 'a'; j -> 0; j ->> 1; j #> '{a,b}'; j #>> '{a,0}'; jb -> 'a'; jb ->> 'a'; jb -> 0; jb ->> -1; jb #> '{a}'; jb #>> '{a}'; jb['a']; jb['a'][0]; jb @> '{\"a\":1}'; jb <@ '{}'; jb ? 'a'; " +
		"jb ?| ARRAY['a', 'b']; jb ?& '{a,b}'; jsonb_typeof(jb); json_typeof(j); jsonb_array_length(jb); json_array_length(j); jsonb_extract_path(jb, 'a', 'b'); json_extract_path_text(j, 'a')"},
	{"arrays", "a4[1]; at[i4]; a4[1][2]; array_length(a4, 1); cardinality(at); a4 @> ARRAY[1]; at <@ ARRAY['a', t]; a4 && '{1}'; array_ndims(a4); array_lower(a4, 1); array_upper(a4, 1); array_to_string(at, ','); ARRAY[i4, 2]; ARRAY[t, v]"},
	{"bytes and networks", "length(by); octet_length(by); substr(by, 2); substring(by from 1 for 2); position('\\x00' in by); md5(by); sha256(by); get_byte(by, 0); ip << '10.0.0.0/8'; ip >>= '10.0.0.1'; host(ip); " +
		"family(ip); masklen(ip); network(ip)"},
}

const streamColumns = "b boolean, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision, n numeric, t text, v varchar(9), c character(4), by bytea, d date, tm time, " +
	"ts timestamp, tz timestamptz, iv interval, u uuid, j json, jb jsonb, ip inet, ci cidr, a4 integer[], at text[], av varchar(5)[]"

// TestListedIsNative has PostgreSQL analyse each of them, and wants a plan without
// PostgreSQL's evaluation.
func TestListedIsNative(t *testing.T) {
	ctx := context.Background()
	conn := scratch(t)
	stream, columns := streamOf(t, conn, streamColumns)
	var version int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::integer").Scan(&version); err != nil {
		t.Fatal(err)
	}
	for _, l := range listed {
		t.Run(l.subject, func(t *testing.T) {
			for _, text := range strings.Split(l.expressions, "; ") {
				if version >= 160000 && slices.Contains([]string{"n ^ 2", "power(n, 2)", "pow(n, 2)"}, text) {
					continue // whose digits are those of 15
				}
				analysis, err := analyse.Analyse(ctx, conn, stream, "SELECT count("+text+") FROM s", 0)
				if err != nil {
					t.Errorf("%s: %v", text, err)
					continue
				}
				plan, err := query.Build(analysis, columns)
				switch {
				case err != nil:
					t.Errorf("%s: %v", text, err)
				case plan.Remote != nil:
					t.Errorf("%s: is evaluated by PostgreSQL", text)
				}
			}
		})
	}
}

// scratch makes a database of the test's own, set up for Millrace.
func scratch(t *testing.T) *pgx.Conn {
	t.Helper()
	ctx := context.Background()
	admin := connect(t)
	name := fmt.Sprintf("millrace_native_%016x", rand.Uint64())
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)") })
	config := admin.Config().Copy()
	config.Database = name
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	if err := schema.Install(ctx, conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

func streamOf(t *testing.T, conn *pgx.Conn, columnsText string) (analyse.Stream, query.Schema) {
	t.Helper()
	parsed, err := statement.Parse("CREATE STREAM s (" + columnsText + ")")
	if err != nil {
		t.Fatal(err)
	}
	columns, err := analyse.ResolveColumns(context.Background(), conn, parsed.(*statement.CreateStream).Columns)
	if err != nil {
		t.Fatal(err)
	}
	stream, all := analyse.Stream{Name: "s"}, query.Schema{}
	for _, c := range columns {
		stream.Columns = append(stream.Columns, analyse.Column{Name: c.Name, TypeText: c.TypeName, NotNull: c.NotNull})
		all = append(all, query.SchemaColumn{Name: c.Name, Type: c.Type, Typmod: c.Typmod, NotNull: c.NotNull})
	}
	return stream, all
}
