package datum

import (
	"bytes"
	"time"
)

// maxZoneHours is PostgreSQL's limit of an offset, exclusive of further minutes.
const maxZoneHours = 15

// decodeOffset reads ±hh[:mm[:ss]] or ±hhmm and makes it the zone.
func (p *dateParser) decodeOffset(s []byte) dateFault {
	if len(s) == 0 || s[0] != '+' && s[0] != '-' {
		return faultFormat
	}
	var minute, second int
	hour, rest, ok := leadingInt(s[1:])
	if !ok {
		return faultDisplacement
	}
	if len(rest) > 0 && rest[0] == ':' {
		if minute, rest, ok = leadingInt(rest[1:]); !ok {
			return faultDisplacement
		}
		if len(rest) > 0 && rest[0] == ':' {
			if second, rest, ok = leadingInt(rest[1:]); !ok {
				return faultDisplacement
			}
		}
	} else if len(rest) == 0 && len(s) > 3 {
		hour, minute = hour/100, hour%100
	}
	if hour < 0 || hour > maxZoneHours || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return faultDisplacement
	}
	if len(rest) > 0 {
		return faultFormat
	}
	p.zone, p.east = nil, (hour*60+minute)*60+second
	if s[0] == '-' {
		p.east = -p.east
	}
	return noFault
}

// decodeZoneName reads a zone's full name, such as Europe/Berlin.
func (p *dateParser) decodeZoneName(name []byte) dateFault {
	zone, ok := LoadZone(string(name))
	if !ok {
		p.zoneName = string(name)
		return faultZone
	}
	p.zone = zone
	return noFault
}

// LoadZone finds a zone by its full name in any case, as PostgreSQL does. It reads
// the machine's time zone database: this package's only look outside, and only
// where a text names a zone. POSIX forms such as UTC+3 are not found.
func LoadZone(name string) (zone *time.Location, ok bool) {
	if name == "" || equalFold([]byte(name), "local") {
		return nil, false
	}
	for _, spelled := range [...][]byte{[]byte(name), titleZone(name, false), titleZone(name, true), bytes.ToUpper([]byte(name))} {
		if zone, err := time.LoadLocation(string(spelled)); err == nil {
			return zone, true
		}
	}
	return nil, false
}

// titleZone writes a zone's name as the database mostly does: America/New_York,
// and, with small words small, America/Port_of_Spain and Etc/GMT+5.
func titleZone(name string, smallWords bool) []byte {
	out := bytes.ToLower([]byte(name))
	for i := 0; i < len(out); {
		end := i
		for end < len(out) && isAlpha(out[end]) {
			end++
		}
		switch word := string(out[i:end]); {
		case smallWords && (word == "of" || word == "es" || word == "au"):
		case word == "gmt" || word == "utc" || word == "uct":
			copy(out[i:], bytes.ToUpper(out[i:end]))
		case end > i:
			out[i] -= 'a' - 'A'
		}
		i = end + 1
	}
	return out
}
