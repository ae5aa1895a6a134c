package demo

import "fmt"

// stream is the demo's stream; %s is what WITH says.
const stream = `CREATE STREAM flights (date timestamp, delay int, distance int, origin text, destination text)
  WITH (%s)`

// airportsTable is what by_state joins the stream with.
const airportsTable = "airports"

// view is one continuous view of the demo.
type view struct {
	name string
	// query is its SELECT; %s is what it reads: the stream, or the plain table
	// that it is compared with.
	query string
	// about and top are what is shown of it.
	about, top string
}

// over returns the view's SELECT over a relation.
func (v view) over(relation string) string { return fmt.Sprintf(v.query, relation) }

func views() []view {
	return []view{
		{
			name: "by_origin",
			query: `SELECT origin, count(*) AS flights, avg(delay) AS avg_delay, max(delay) AS max_delay
  FROM %s GROUP BY origin`,
			about: "the busiest airports",
			top: `SELECT origin, flights, round(avg_delay, 1) AS avg_delay, max_delay
  FROM by_origin ORDER BY flights DESC, origin LIMIT 5`,
		},
		{
			name: "by_day",
			query: `SELECT date_trunc('day', date) AS day, count(*) AS flights,
         count(*) FILTER (WHERE delay > 60) AS hour_late, sum(distance) AS miles
  FROM %s GROUP BY date_trunc('day', date)`,
			about: "the worst days",
			top: `SELECT day::date, flights, hour_late, miles
  FROM by_day ORDER BY hour_late DESC, day LIMIT 5`,
		},
		{
			name: "by_haul",
			query: `SELECT CASE WHEN distance < 500 THEN 'short' WHEN distance < 1500 THEN 'medium' ELSE 'long' END AS haul,
         count(*) AS flights, avg(delay) AS avg_delay, min(delay) AS min_delay, max(distance) AS max_miles
  FROM %s WHERE origin <> destination GROUP BY 1 HAVING count(*) > 100`,
			about: "delays by distance",
			top: `SELECT haul, flights, round(avg_delay, 2) AS avg_delay, min_delay, max_miles
  FROM by_haul ORDER BY flights DESC, haul`,
		},
		{
			name: "by_state",
			query: `SELECT a.state, count(*) AS flights, avg(f.delay) AS avg_delay, sum(f.distance) AS miles
  FROM %s AS f JOIN airports AS a ON a.iata = f.origin GROUP BY a.state`,
			about: "flights by state, joined with a table of PostgreSQL's",
			top: `SELECT state, flights, round(avg_delay, 1) AS avg_delay, miles
  FROM by_state ORDER BY flights DESC, state LIMIT 5`,
		},
	}
}
