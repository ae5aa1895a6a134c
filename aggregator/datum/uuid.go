package datum

import "encoding/hex"

// UUIDSize is how many bytes a uuid has.
const UUIDSize = 16

// AppendUUID appends the 16 bytes that a text means to uuid_in: hexadecimal digits
// in any case, braces around all of them, hyphens after any group of four.
func AppendUUID(dst, s []byte) ([]byte, *Error) {
	rest := s
	braces := len(rest) > 0 && rest[0] == '{'
	if braces {
		rest = rest[1:]
	}
	for i := range UUIDSize {
		if len(rest) < 2 {
			return dst, errSyntax(UUID, s)
		}
		high, ok := hexDigit(rest[0])
		low, ok2 := hexDigit(rest[1])
		if !ok || !ok2 {
			return dst, errSyntax(UUID, s)
		}
		dst = append(dst, high<<4|low)
		rest = rest[2:]
		if i%2 == 1 && i < UUIDSize-1 && len(rest) > 0 && rest[0] == '-' {
			rest = rest[1:]
		}
	}
	if braces {
		if len(rest) == 0 || rest[0] != '}' {
			return dst, errSyntax(UUID, s)
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		return dst, errSyntax(UUID, s)
	}
	return dst, nil
}

// AppendUUIDText appends a uuid as uuid_out prints it.
func AppendUUIDText(dst, u []byte) []byte {
	for i, group := range [...][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:16]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, group)
	}
	return dst
}
