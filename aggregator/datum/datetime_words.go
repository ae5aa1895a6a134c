package datum

// wordKind is what a word in a date means.
type wordKind uint8

const (
	wordUnknown wordKind = iota
	wordMonth
	wordWeekday
	wordIgnored
	wordAMPM   // value 1: PM
	wordEra    // value 1: BC
	wordJulian // the next field is a Julian day
	wordUnit   // a unit that no date has
	wordTime   // ISO 8601's T
	wordInfinity
	wordNegInfinity
	wordEpoch
	wordMidnight // allballs: 00:00:00 UTC
	wordNow      // now, today, yesterday, tomorrow
	wordDST
)

type dateWord struct {
	kind  wordKind
	value int
}

// lookupDateWord finds a word in lower case: PostgreSQL's datetktbl, words cut to
// ten letters. The table has none longer.
func lookupDateWord(word []byte) dateWord {
	if len(word) > tokenLength {
		word = word[:tokenLength]
	}
	switch string(word) {
	case "jan", "january":
		return dateWord{wordMonth, 1}
	case "feb", "february":
		return dateWord{wordMonth, 2}
	case "mar", "march":
		return dateWord{wordMonth, 3}
	case "apr", "april":
		return dateWord{wordMonth, 4}
	case "may":
		return dateWord{wordMonth, 5}
	case "jun", "june":
		return dateWord{wordMonth, 6}
	case "jul", "july":
		return dateWord{wordMonth, 7}
	case "aug", "august":
		return dateWord{wordMonth, 8}
	case "sep", "sept", "september":
		return dateWord{wordMonth, 9}
	case "oct", "october":
		return dateWord{wordMonth, 10}
	case "nov", "november":
		return dateWord{wordMonth, 11}
	case "dec", "december":
		return dateWord{wordMonth, 12}
	case "sun", "sunday", "mon", "monday", "tue", "tues", "tuesday", "wed", "weds", "wednesday",
		"thu", "thur", "thurs", "thursday", "fri", "friday", "sat", "saturday":
		return dateWord{kind: wordWeekday}
	case "at", "on":
		return dateWord{kind: wordIgnored}
	case "am":
		return dateWord{kind: wordAMPM}
	case "pm":
		return dateWord{wordAMPM, 1}
	case "ad":
		return dateWord{kind: wordEra}
	case "bc":
		return dateWord{wordEra, 1}
	case "j", "jd", "julian":
		return dateWord{kind: wordJulian}
	case "d", "dow", "doy", "h", "isodow", "isoyear", "m", "mm", "s", "y":
		return dateWord{kind: wordUnit}
	case "t":
		return dateWord{kind: wordTime}
	case "infinity":
		return dateWord{kind: wordInfinity}
	case "-infinity":
		return dateWord{kind: wordNegInfinity}
	case "epoch":
		return dateWord{kind: wordEpoch}
	case "allballs":
		return dateWord{kind: wordMidnight}
	case "now", "today", "tomorrow", "yesterday":
		return dateWord{kind: wordNow}
	case "dst":
		return dateWord{kind: wordDST}
	}
	return dateWord{}
}
