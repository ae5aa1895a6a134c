package datum

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// An inet or a cidr stands in vectors as
//
//	4 or 6, a byte | bits of the netmask, a byte | 4 or 16 bytes of address
//
// and is compared and keyed alike whichever of both it is.
const (
	ipv4Size = 4
	ipv6Size = 16
	ipHead   = 2
)

// ValidIP reports whether b is an inet, or a cidr, as it stands in vectors.
func ValidIP(b []byte, t Type) bool {
	switch {
	case len(b) == ipHead+ipv4Size && b[0] == 4 && b[1] <= 8*ipv4Size:
	case len(b) == ipHead+ipv6Size && b[0] == 6 && b[1] <= 8*ipv6Size:
	default:
		return false
	}
	return t == Inet || isNetwork(b)
}

// isNetwork reports whether no bit of the address is set behind the netmask.
func isNetwork(ip []byte) bool {
	bits, address := int(ip[1]), ip[ipHead:]
	for i, c := range address {
		switch keep := bits - 8*i; {
		case keep >= 8:
		case keep <= 0:
			if c != 0 {
				return false
			}
		case c<<keep != 0:
			return false
		}
	}
	return true
}

// AppendIP appends an inet or a cidr as inet_in or cidr_in makes it of a text.
func AppendIP(dst, s []byte, t Type) ([]byte, *Error) {
	start := len(dst)
	bits, ok := 0, false
	if bytes.IndexByte(s, ':') >= 0 {
		dst = append(dst, 6, 0)
		dst, bits, ok = appendIPv6(dst, s)
	} else {
		dst = append(dst, 4, 0)
		parse := appendHostIPv4
		if t == Cidr {
			parse = appendNetworkIPv4
		}
		dst, bits, ok = parse(dst, s)
	}
	if !ok {
		return dst[:start], errSyntax(t, s)
	}
	dst[start+1] = byte(bits)
	if t == Cidr && !isNetwork(dst[start:]) {
		err := Errorf(CodeInvalidText, "invalid cidr value: \"%s\"", s)
		err.Detail = "Value has bits set to right of mask."
		return dst[:start], err
	}
	return dst, nil
}

// AppendIPText appends an inet or a cidr as inet_out or cidr_out prints it.
func AppendIPText(dst, ip []byte, t Type) []byte {
	bits, most := int(ip[1]), 8*ipv4Size
	if ip[0] == 4 {
		dst = appendDotted(dst, ip[ipHead:])
	} else {
		most = 8 * ipv6Size
		dst = appendIPv6Text(dst, ip[ipHead:])
	}
	if bits != most || t == Cidr {
		dst = strconv.AppendInt(append(dst, '/'), int64(bits), 10)
	}
	return dst
}

func appendDotted(dst, address []byte) []byte {
	for i, c := range address {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(c), 10)
	}
	return dst
}

// appendIPv6Text is inet_net_ntop_ipv6: the longest run of zero words is ::, and an
// address with an IPv4 one inside ends with that.
func appendIPv6Text(dst, address []byte) []byte {
	var words [8]uint16
	for i := range words {
		words[i] = binary.BigEndian.Uint16(address[2*i:])
	}
	base, length := longestZeros(words)
	for i, w := range words {
		if base >= 0 && i >= base && i < base+length {
			if i == base {
				dst = append(dst, ':')
			}
			continue
		}
		if i != 0 {
			dst = append(dst, ':')
		}
		if i == 6 && base == 0 && (length == 6 || length == 7 && words[7] != 1 || length == 5 && words[5] == 0xFFFF) {
			return appendDotted(dst, address[12:])
		}
		dst = strconv.AppendUint(dst, uint64(w), 16)
	}
	if base >= 0 && base+length == len(words) {
		dst = append(dst, ':')
	}
	return dst
}

// longestZeros finds the first of the longest runs of two zero words or more; base
// is -1 where there is none.
func longestZeros(words [8]uint16) (base, length int) {
	base, length = -1, 1
	for i := 0; i < len(words); i++ {
		end := i
		for end < len(words) && words[end] == 0 {
			end++
		}
		if end-i > length {
			base, length = i, end-i
		}
		i = max(i, end-1)
	}
	return base, length
}

// CompareIP compares as network_cmp does: family, the bits that both netmasks
// cover, netmask, address.
func CompareIP(a, b []byte) int {
	if a[0] != b[0] {
		return int(a[0]) - int(b[0])
	}
	if c := compareBits(a[ipHead:], b[ipHead:], int(min(a[1], b[1]))); c != 0 {
		return c
	}
	if a[1] != b[1] {
		return int(a[1]) - int(b[1])
	}
	return bytes.Compare(a[ipHead:], b[ipHead:])
}

// compareBits compares the first n bits.
func compareBits(a, b []byte, n int) int {
	whole := n / 8
	if c := bytes.Compare(a[:whole], b[:whole]); c != 0 || n%8 == 0 {
		return c
	}
	shift := 8 - n%8
	return int(a[whole]>>shift) - int(b[whole]>>shift)
}
