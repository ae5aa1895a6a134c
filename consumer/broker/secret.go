package broker

import "log/slog"

// Secret is a setting that is never shown: printing, logging and encoding it
// give a placeholder. Only this package reads its value.
type Secret string

const hidden = "[hidden]"

// String returns a placeholder, "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString returns the placeholder for %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue logs the placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText encodes the placeholder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the secret as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}
