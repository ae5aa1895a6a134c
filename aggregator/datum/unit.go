package datum

// unit is what date_trunc truncates to and extract takes out.
type unit uint8

const (
	unitUnknown unit = iota
	unitMicrosecond
	unitMillisecond
	unitSecond
	unitMinute
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitQuarter
	unitYear
	unitDecade
	unitCentury
	unitMillennium
	unitZone
	unitZoneHour
	unitZoneMinute
	unitJulian
	unitISOYear
	unitDayOfWeek
	unitISODayOfWeek
	unitDayOfYear
	unitEpoch
)

// tokenLength is how many bytes of a word PostgreSQL looks at.
const tokenLength = 10

// lookupUnit finds a unit of time by its name in lower case: PostgreSQL's
// deltatktbl, words cut to ten letters.
func lookupUnit(name []byte) unit {
	if len(name) > tokenLength {
		name = name[:tokenLength]
	}
	switch string(name) {
	case "us", "usec", "usecs", "usecond", "useconds", "microsecon":
		return unitMicrosecond
	case "ms", "msec", "msecs", "msecond", "mseconds", "millisecon":
		return unitMillisecond
	case "s", "sec", "secs", "second", "seconds":
		return unitSecond
	case "m", "min", "mins", "minute", "minutes":
		return unitMinute
	case "h", "hr", "hrs", "hour", "hours":
		return unitHour
	case "d", "day", "days":
		return unitDay
	case "w", "week", "weeks":
		return unitWeek
	case "mon", "mons", "month", "months":
		return unitMonth
	case "qtr", "quarter":
		return unitQuarter
	case "y", "yr", "yrs", "year", "years":
		return unitYear
	case "dec", "decs", "decade", "decades":
		return unitDecade
	case "c", "cent", "century", "centuries":
		return unitCentury
	case "mil", "mils", "millennium", "millennia":
		return unitMillennium
	case "timezone":
		return unitZone
	case "timezone_h":
		return unitZoneHour
	case "timezone_m":
		return unitZoneMinute
	}
	return unitUnknown
}

// lookupField finds what extract takes besides units: words of datetktbl.
func lookupField(name []byte) unit {
	if u := lookupUnit(name); u != unitUnknown {
		return u
	}
	switch string(name) {
	case "j", "jd", "julian":
		return unitJulian
	case "isoyear":
		return unitISOYear
	case "dow":
		return unitDayOfWeek
	case "isodow":
		return unitISODayOfWeek
	case "doy":
		return unitDayOfYear
	case "epoch":
		return unitEpoch
	case "mm":
		return unitMinute
	}
	return unitUnknown
}

func errUnitUnknown(unit string, t Type) *Error {
	return Errorf(CodeInvalidParameter, "unit \"%s\" not recognized for type %v", unit, t)
}

func errUnitUnsupported(unit string, t Type) *Error {
	return Errorf(CodeFeatureNotSupported, "unit \"%s\" not supported for type %v", unit, t)
}
