package datum

// zoneAbbreviation returns the offset east of UTC, in seconds, of a zone's
// abbreviation in lower case: those of PostgreSQL's Default set that mean one
// offset at all times. The others (MSK, IRT, …), whose offset depends on the
// date, are not found, so that text with them is refused.
func zoneAbbreviation(word []byte) (east int, ok bool) {
	if len(word) > tokenLength {
		return 0, false
	}
	switch string(word) {
	case "hst", "taht":
		return -36000, true
	case "mart":
		return -34200, true
	case "akst", "gamt":
		return -32400, true
	case "akdt", "pst":
		return -28800, true
	case "mst", "pdt":
		return -25200, true
	case "cst", "galt", "mdt":
		return -21600, true
	case "act", "cdt", "cot", "est", "pet":
		return -18000, true
	case "amt", "ast", "bot", "edt":
		return -14400, true
	case "nft", "nst":
		return -12600, true
	case "adt", "bra", "brt", "clst", "gft", "pmst", "pyst", "uyt", "wgt":
		return -10800, true
	case "ndt":
		return -9000, true
	case "brst", "fnt", "pmdt", "uyst", "wgst":
		return -7200, true
	case "azot", "egt", "fnst":
		return -3600, true
	case "azost", "egst", "gmt", "uct", "ut", "utc", "wet", "z", "zulu":
		return 0, true
	case "bst", "cet", "met", "mez", "wat", "wetdst":
		return 3600, true
	case "bdst", "cest", "cetdst", "eet", "ist", "mest", "mesz", "metdst", "sast":
		return 7200, true
	case "eat", "eest", "eetdst", "fet", "idt":
		return 10800, true
	case "irt":
		return 12600, true
	case "msd", "mut", "ret", "sct":
		return 14400, true
	case "aft":
		return 16200, true
	case "must", "mvt", "pkt", "tft", "tjt", "uzt":
		return 18000, true
	case "npt":
		return 20700, true
	case "almt", "bdt", "btt", "kgst", "pkst", "uzst", "xjt", "yekst":
		return 21600, true
	case "mmt":
		return 23400, true
	case "almst", "cxt", "ict", "wast":
		return 25200, true
	case "awst", "bnt", "bort", "cct", "hkt", "myt", "pht", "wadt":
		return 28800, true
	case "acwst":
		return 31500, true
	case "awsst", "jayt", "jst", "kst", "pwt", "ulast", "wdt":
		return 32400, true
	case "acst", "cast":
		return 34200, true
	case "aest", "chut", "ddut", "kdt", "ligt", "mpt", "pgt", "trut", "yapt":
		return 36000, true
	case "acdt", "acsst", "cadt", "lhst", "sadt":
		return 37800, true
	case "aedt", "aesst", "pont", "vut":
		return 39600, true
	case "fjt", "gilt", "mht", "nzst", "nzt", "tvt", "wakt", "wft":
		return 43200, true
	case "chast":
		return 45900, true
	case "fjst", "nzdt", "tot":
		return 46800, true
	case "chadt":
		return 49500, true
	}
	return 0, false
}
