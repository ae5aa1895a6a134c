package datum

// zoneAbbreviation returns the offset east of UTC, in seconds, of a zone's
// abbreviation in lower case, and whether it is one of daylight saving: those of
// PostgreSQL's Default set that mean one offset at all times. The others (MSK,
// IRT, …), whose offset depends on the date, are not found, so that text with
// them is refused.
func zoneAbbreviation(word []byte) (east int, daylight, ok bool) {
	if len(word) > tokenLength {
		return 0, false, false
	}
	switch string(word) {
	case "hst", "taht":
		return -36000, false, true
	case "mart":
		return -34200, false, true
	case "akst", "gamt":
		return -32400, false, true
	case "pst":
		return -28800, false, true
	case "akdt":
		return -28800, true, true
	case "mst":
		return -25200, false, true
	case "pdt":
		return -25200, true, true
	case "cst", "galt":
		return -21600, false, true
	case "mdt":
		return -21600, true, true
	case "act", "cot", "est", "pet":
		return -18000, false, true
	case "cdt":
		return -18000, true, true
	case "amt", "ast", "bot":
		return -14400, false, true
	case "edt":
		return -14400, true, true
	case "nft", "nst":
		return -12600, false, true
	case "bra", "brt", "gft", "pmst", "uyt", "wgt":
		return -10800, false, true
	case "adt", "clst", "pyst":
		return -10800, true, true
	case "ndt":
		return -9000, true, true
	case "fnt":
		return -7200, false, true
	case "brst", "pmdt", "uyst", "wgst":
		return -7200, true, true
	case "azot", "egt":
		return -3600, false, true
	case "fnst":
		return -3600, true, true
	case "gmt", "uct", "ut", "utc", "wet", "z", "zulu":
		return 0, false, true
	case "azost", "egst":
		return 0, true, true
	case "cet", "met", "mez", "wat":
		return 3600, false, true
	case "bst", "wetdst":
		return 3600, true, true
	case "eet", "ist", "sast":
		return 7200, false, true
	case "bdst", "cest", "cetdst", "mest", "mesz", "metdst":
		return 7200, true, true
	case "eat", "fet":
		return 10800, false, true
	case "eest", "eetdst", "idt":
		return 10800, true, true
	case "irt":
		return 12600, false, true
	case "mut", "ret", "sct":
		return 14400, false, true
	case "msd":
		return 14400, true, true
	case "aft":
		return 16200, false, true
	case "mvt", "pkt", "tft", "tjt", "uzt":
		return 18000, false, true
	case "must":
		return 18000, true, true
	case "npt":
		return 20700, false, true
	case "almt", "bdt", "btt", "xjt":
		return 21600, false, true
	case "kgst", "pkst", "uzst", "yekst":
		return 21600, true, true
	case "mmt":
		return 23400, false, true
	case "cxt", "ict", "wast":
		return 25200, false, true
	case "almst":
		return 25200, true, true
	case "awst", "bnt", "bort", "cct", "hkt", "myt", "pht":
		return 28800, false, true
	case "wadt":
		return 28800, true, true
	case "acwst":
		return 31500, false, true
	case "jayt", "jst", "kst", "pwt":
		return 32400, false, true
	case "awsst", "ulast", "wdt":
		return 32400, true, true
	case "acst", "cast":
		return 34200, false, true
	case "aest", "chut", "ddut", "ligt", "mpt", "pgt", "trut", "yapt":
		return 36000, false, true
	case "kdt":
		return 36000, true, true
	case "lhst":
		return 37800, false, true
	case "acdt", "acsst", "cadt", "sadt":
		return 37800, true, true
	case "pont", "vut":
		return 39600, false, true
	case "aedt", "aesst":
		return 39600, true, true
	case "fjt", "gilt", "mht", "nzst", "nzt", "tvt", "wakt", "wft":
		return 43200, false, true
	case "chast":
		return 45900, false, true
	case "tot":
		return 46800, false, true
	case "fjst", "nzdt":
		return 46800, true, true
	case "chadt":
		return 49500, true, true
	}
	return 0, false, false
}
