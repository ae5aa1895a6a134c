package expr

import (
	"math"

	"github.com/millrace/millrace/aggregator/datum"
)

const (
	dateEndDays      = 2147483494 // PostgreSQL's DATE_END_JULIAN
	minYear, maxYear = -4713, 5874898
)

// makeDate is make_date(year, month, day); years before Christ are negative.
// As in PostgreSQL the messages show them with 1 BC as the year 0.
func makeDate(c *call, rows []int32) {
	for _, r := range rows {
		days, err := dateOf(c.in[0].Ints[r], c.in[1].Ints[r], c.in[2].Ints[r])
		if err != nil {
			c.fail(r, err)
			continue
		}
		c.out.Ints[r] = days
	}
}

func dateOf(year, month, day int64) (int64, *datum.Error) {
	valid := year != 0 && year != math.MinInt32
	if valid {
		year = civilYear(year)
	}
	if !valid || month < 1 || month > 12 || day < 1 || day > daysOf(year, month) {
		return 0, datum.Errorf(datum.CodeDatetimeOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	days := int64(dateEndDays)
	if year >= minYear && year <= maxYear {
		days = datum.DaysFromCivil(int(year), int(month), int(day))
	}
	if days < -epochJulian || days >= dateEndDays-epochJulian {
		return 0, datum.Errorf(datum.CodeDatetimeOverflow, "date out of range: %d-%02d-%02d", year, month, day)
	}
	return days, nil
}

// civilYear counts the years before Christ from 0 down.
func civilYear(year int64) int64 {
	if year < 0 {
		year++
	}
	return year
}

func daysOf(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
