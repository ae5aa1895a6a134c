package topology

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxMetadata is how many bytes of metadata a broker takes with an offset
// commit (offset.metadata.max.bytes, 4,096 by default; more fails the commit).
const MaxMetadata = 4096

// MaxLagging is how many views may lag in one input partition, whatever their
// positions are: that many always fit into [MaxMetadata]. Views at one
// position share its number, so that more may fit; see [Positions.Fits].
const MaxLagging = (MaxMetadata - len("1;") - maxDigits) / (len(";:") + maxDigits + idText)

const (
	maxDigits = 19 // of a non-negative int64
	idText    = 22 // an ID's text form
)

// Positions are the read positions of one input partition, as each offset
// commit carries them: which views are not at the live position, and up to
// which revision the writer knew the catalog. A view that is not listed is live
// if it was created by then, and else stands at its start; so a view that its
// reader had not heard of misses nothing and doubles nothing.
//
// # Wire form
//
// The commit's offset is the live position. The rest is its metadata, in ASCII,
// which tools show as it is:
//
//	1;REVISION[;AT:ID[.ID]...]...
//
//	1         the version of the form
//	REVISION  the catalog revision, decimal
//	AT        a position that is not the live one, decimal; ascending
//	ID        a view that stands there, 22 characters; ascending, each once
//
// The form is canonical: what decodes is what [Positions.Encode] writes. Equal
// positions therefore have equal metadata.
type Positions struct {
	Revision Revision
	Live     int64
	Behind   []Lagging
}

// Lagging is a position beside the live one and the views that stand there. It
// lies ahead of the live position where a view waits for its start.
type Lagging struct {
	At    int64
	Views []ViewID
}

// Of returns where a view stands in partition p, and whether that is the live
// position.
func (s Positions) Of(v *View, p Partition) (at int64, live bool) {
	for _, l := range s.Behind {
		if slices.Contains(l.Views, v.ID) {
			return l.At, false
		}
	}
	if v.Created <= s.Revision {
		return s.Live, true
	}
	return v.StartAt(p), false
}

// Fits reports whether the positions can be committed. Where they do not fit,
// the newest catch-ups have to wait.
func (s Positions) Fits() bool {
	size := len("1;") + len(strconv.FormatInt(int64(s.Revision), 10))
	positions := map[int64]bool{}
	for _, l := range s.Behind {
		if !positions[l.At] && len(l.Views) > 0 {
			positions[l.At] = true
			size += len(";") + len(strconv.FormatInt(l.At, 10)) // the first id's ":" is counted with it
		}
		size += len(l.Views) * (len(".") + idText)
	}
	return size <= MaxMetadata
}

// Encode returns the metadata of the commit whose offset is s.Live. It fails
// where the positions do not fit, name a view twice, or are negative.
func (s Positions) Encode() (string, error) {
	if s.Revision < 0 || s.Live < 0 {
		return "", fmt.Errorf("read positions at revision %d, offset %d: neither can be negative", s.Revision, s.Live)
	}
	if !s.Fits() {
		return "", fmt.Errorf("read positions of %d lagging views do not fit into %d bytes of metadata", s.lagging(), MaxMetadata)
	}
	type entry struct {
		at   int64
		view string
	}
	var entries []entry
	seen := map[ViewID]bool{}
	for _, l := range s.Behind {
		for _, id := range l.Views {
			if l.At < 0 || seen[id] {
				return "", fmt.Errorf("read position %d of view %s is negative or its second", l.At, id)
			}
			seen[id] = true
			entries = append(entries, entry{l.At, id.String()})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.view, b.view))
	})
	var b strings.Builder
	fmt.Fprintf(&b, "1;%d", s.Revision)
	for i, e := range entries {
		if i > 0 && entries[i-1].at == e.at {
			b.WriteString("." + e.view)
			continue
		}
		fmt.Fprintf(&b, ";%d:%s", e.at, e.view)
	}
	return b.String(), nil
}

func (s Positions) lagging() (n int) {
	for _, l := range s.Behind {
		n += len(l.Views)
	}
	return n
}

// DecodePositions reads what a commit at offset carries. Metadata that is not
// in the form, such as the empty one of an offset that other tools set, is an
// error: where the views stand is then unknown, and guessing would lose or
// double records.
func DecodePositions(offset int64, metadata string) (Positions, error) {
	s, err := decodePositions(offset, metadata)
	if err != nil {
		return Positions{}, fmt.Errorf("offset %d was not committed by this version of millrace: %w (metadata %.80q)", offset, err, metadata)
	}
	return s, nil
}

func decodePositions(offset int64, metadata string) (Positions, error) {
	fields := strings.Split(metadata, ";")
	if fields[0] != "1" || len(fields) < 2 {
		return Positions{}, fmt.Errorf("unknown version %.20q", fields[0])
	}
	revision, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return Positions{}, fmt.Errorf("revision: %w", err)
	}
	s := Positions{Revision: Revision(revision), Live: offset}
	for _, field := range fields[2:] {
		l, err := decodeLagging(field)
		if err != nil {
			return Positions{}, err
		}
		s.Behind = append(s.Behind, l)
	}
	canonical, err := s.Encode()
	if err != nil {
		return Positions{}, err
	}
	if canonical != metadata {
		return Positions{}, fmt.Errorf("not in its canonical form")
	}
	return s, nil
}

func decodeLagging(field string) (Lagging, error) {
	at, ids, found := strings.Cut(field, ":")
	if !found {
		return Lagging{}, fmt.Errorf("position %.40q without views", field)
	}
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return Lagging{}, fmt.Errorf("position: %w", err)
	}
	l := Lagging{At: n}
	for _, text := range strings.Split(ids, ".") {
		var id ViewID
		if err := id.UnmarshalText([]byte(text)); err != nil {
			return Lagging{}, fmt.Errorf("view: %w", err)
		}
		l.Views = append(l.Views, id)
	}
	return l, nil
}
