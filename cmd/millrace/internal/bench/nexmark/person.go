package nexmark

import "strconv"

const (
	personSize    = 200 // Nexmark's mean, of which 8 are a number
	personNumbers = 8
)

// appendPerson appends the person of a number as JSON.
func (g *Generator) appendPerson(b []byte, number int64) []byte {
	r := seeded(number)
	b = strconv.AppendInt(append(b, `{"id":`...), firstID+lastPerson(number), 10)
	text := len(b)
	b = append(append(b, `,"name":"`...), r.pick("Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter")...)
	b = append(append(b, ' '), r.pick("Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris")...)
	b = r.appendWords(append(b, `","emailAddress":"`...), 7, '.')
	b = append(r.appendWords(append(b, '@'), 5, '-'), ".com"...)
	b = append(b, `","creditCard":"`...)
	for i := range 4 {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, 10_000+r.below(10_000), 10)
		b = append(b[:len(b)-5], b[len(b)-4:]...) // four digits
	}
	b = append(append(b, `","city":"`...), r.pick("Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne")...)
	b = append(append(b, `","state":"`...), r.pick("AZ", "CA", "ID", "OR", "WA", "WY")...)
	names := len(`,"name":"","emailAddress":"","creditCard":"","city":"","state":"`)
	size := personNumbers + int64(len(b)-text-names)
	b = appendTime(append(b, '"'), "dateTime", Time(number))
	b = r.appendExtra(append(b, `,"extra":"`...), size, personSize)
	return append(b, `"}`...)
}

func (r *random) pick(names ...string) string { return names[r.below(int64(len(names)))] }
