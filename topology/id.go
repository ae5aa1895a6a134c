package topology

import (
	"encoding/base64"
	"fmt"
)

// ID names a view, a stream or a topic for ever: 16 random bytes. A dropped and
// re-created view has another ID, so what was meant for the old one is known
// as such. Kafka's topic ids have the same form.
type ID [16]byte

// ViewID is the identity of a continuous view.
type ViewID ID

// StreamID is the identity of a stream.
type StreamID ID

// TopicID is Kafka's identity of a topic.
type TopicID ID

// String returns the id in 22 characters of URL-safe base64.
func (id ID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// IsZero reports whether no id was given.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText writes the form of String.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the form of String.
func (id *ID) UnmarshalText(text []byte) error {
	raw, err := base64.RawURLEncoding.DecodeString(string(text))
	if err != nil || len(raw) != len(id) {
		return fmt.Errorf("id %q is not 22 characters of URL-safe base64", text)
	}
	copy(id[:], raw)
	return nil
}

// String returns the id's text form.
func (id ViewID) String() string { return ID(id).String() }

// MarshalText writes the form of String.
func (id ViewID) MarshalText() ([]byte, error) { return ID(id).MarshalText() }

// UnmarshalText reads the form of String.
func (id *ViewID) UnmarshalText(text []byte) error { return (*ID)(id).UnmarshalText(text) }

// String returns the id's text form.
func (id StreamID) String() string { return ID(id).String() }

// MarshalText writes the form of String.
func (id StreamID) MarshalText() ([]byte, error) { return ID(id).MarshalText() }

// UnmarshalText reads the form of String.
func (id *StreamID) UnmarshalText(text []byte) error { return (*ID)(id).UnmarshalText(text) }

// String returns the id's text form.
func (id TopicID) String() string { return ID(id).String() }

// MarshalText writes the form of String.
func (id TopicID) MarshalText() ([]byte, error) { return ID(id).MarshalText() }

// UnmarshalText reads the form of String.
func (id *TopicID) UnmarshalText(text []byte) error { return (*ID)(id).UnmarshalText(text) }
