package datum

// The parsers are those of PostgreSQL's inet_net_pton.c and inet_cidr_pton, ISC's,
// abbreviations and quirks included. Each appends the address and returns the
// bits of the netmask.

// appendHostIPv4 reads an inet: octets may be left out where a netmask that covers
// no more of them follows.
func appendHostIPv4(dst, s []byte) (_ []byte, bits int, ok bool) {
	octets := 0
	for len(s) > 0 && isDigit(s[0]) {
		octet, rest, ok := readOctet(s)
		if !ok || octets == ipv4Size {
			return dst, 0, false
		}
		dst, s = append(dst, octet), rest
		octets++
		if len(s) == 0 || s[0] == '/' {
			break
		}
		if s[0] != '.' {
			return dst, 0, false
		}
		s = s[1:]
	}
	bits = -1
	if octets > 0 && len(s) > 1 && s[0] == '/' {
		if bits, ok = readBits(s[1:], 8*ipv4Size); !ok {
			return dst, 0, false
		}
		s = nil
	}
	switch {
	case len(s) > 0 || octets == 0:
		return dst, 0, false
	case bits < 0 && octets < ipv4Size:
		return dst, 0, false
	case bits < 0:
		bits = 8 * ipv4Size
	case bits/8 > octets:
		return dst, 0, false
	}
	return appendZeros(dst, ipv4Size-octets), bits, true
}

// appendNetworkIPv4 reads a cidr: what is left out is zero, and a netmask that is
// left out is that of the network's class.
func appendNetworkIPv4(dst, s []byte) (_ []byte, bits int, ok bool) {
	start := len(dst)
	switch {
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && isHex(s[2]):
		dst, s, ok = appendNibbles(dst, s[2:])
	case len(s) > 0 && isDigit(s[0]):
		dst, s, ok = appendOctets(dst, s)
	}
	if !ok {
		return dst, 0, false
	}
	octets := len(dst) - start
	switch {
	case len(s) == 0:
		bits = classBits(dst[start], octets)
	case len(s) > 1 && s[0] == '/':
		if bits, ok = readBits(s[1:], 8*ipv4Size); !ok {
			return dst, 0, false
		}
	default:
		return dst, 0, false
	}
	return appendZeros(dst, ipv4Size-octets), bits, true
}

// classBits is the netmask of an address without one.
func classBits(first byte, octets int) int {
	bits := 8
	switch {
	case first >= 240:
		bits = 32
	case first >= 224:
	case first >= 192:
		bits = 24
	case first >= 128:
		bits = 16
	}
	bits = max(bits, 8*octets)
	if bits == 8 && first == 224 {
		bits = 4
	}
	return bits
}

// appendNibbles reads hexadecimal digits, two to an octet.
func appendNibbles(dst, s []byte) (_, rest []byte, ok bool) {
	octets := 0
	for len(s) > 0 && isHex(s[0]) {
		high, _ := hexDigit(s[0])
		low := byte(0)
		if s = s[1:]; len(s) > 0 && isHex(s[0]) {
			low, _ = hexDigit(s[0])
			s = s[1:]
		}
		if octets++; octets > ipv4Size {
			return dst, s, false
		}
		dst = append(dst, high<<4|low)
	}
	return dst, s, true
}

// appendOctets reads decimal numbers with points between.
func appendOctets(dst, s []byte) (_, rest []byte, ok bool) {
	for octets := 1; ; octets++ {
		octet, after, ok := readOctet(s)
		if !ok || octets > ipv4Size {
			return dst, s, false
		}
		dst, s = append(dst, octet), after
		if len(s) == 0 || s[0] == '/' {
			return dst, s, true
		}
		if s[0] != '.' || len(s) == 1 || !isDigit(s[1]) {
			return dst, s, false
		}
		s = s[1:]
	}
}

// readOctet reads a decimal number up to 255.
func readOctet(s []byte) (octet byte, rest []byte, ok bool) {
	v := 0
	for len(s) > 0 && isDigit(s[0]) {
		if v = 10*v + int(s[0]-'0'); v > 255 {
			return 0, s, false
		}
		s = s[1:]
	}
	return byte(v), s, true
}

// readBits reads a netmask up to most, which is all of s.
func readBits(s []byte, most int) (bits int, ok bool) {
	for _, c := range s {
		if !isDigit(c) {
			return 0, false
		}
		if bits = 10*bits + int(c-'0'); bits > most {
			return 0, false
		}
	}
	return bits, len(s) > 0
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, 0)
	}
	return dst
}

func isHex(c byte) bool {
	_, ok := hexDigit(c)
	return ok
}

// ipv6Parser reads an IPv6 address.
type ipv6Parser struct {
	address   [ipv6Size]byte
	n         int // bytes so far
	gap       int // where :: stands, -1 for nowhere
	val       int
	digits    int
	sawDigits bool
}

func appendIPv6(dst, s []byte) (_ []byte, bits int, ok bool) {
	p := ipv6Parser{gap: -1}
	if bits, ok = p.parse(s); !ok {
		return dst, 0, false
	}
	return append(dst, p.address[:]...), bits, true
}

func (p *ipv6Parser) parse(s []byte) (bits int, ok bool) {
	if s[0] == ':' {
		if s = s[1:]; len(s) == 0 || s[0] != ':' {
			return 0, false
		}
	}
	bits = 8 * ipv6Size
	token := s
	for len(s) > 0 {
		c := s[0]
		s = s[1:]
		if digit, ok := hexDigit(c); ok {
			p.val = p.val<<4 | int(digit)
			if p.digits++; p.digits > 4 {
				return 0, false
			}
			p.sawDigits = true
			continue
		}
		switch {
		case c == ':':
			token = s
			if !p.colon(len(s) == 0) {
				return 0, false
			}
			continue
		case c == '.' && p.n+ipv4Size <= ipv6Size:
			if bits, ok = p.embedded(token); !ok {
				return 0, false
			}
		case c == '/':
			if bits, ok = readBitsStrict(s); !ok {
				return 0, false
			}
		default:
			return 0, false
		}
		break
	}
	return bits, p.finish()
}

// colon ends a word, or begins the gap.
func (p *ipv6Parser) colon(last bool) bool {
	if !p.sawDigits {
		if p.gap >= 0 {
			return false
		}
		p.gap = p.n
		return true
	}
	return !last && p.word()
}

// word takes the word read so far.
func (p *ipv6Parser) word() bool {
	if p.n+2 > ipv6Size {
		return false
	}
	p.address[p.n], p.address[p.n+1] = byte(p.val>>8), byte(p.val)
	p.n += 2
	p.val, p.digits, p.sawDigits = 0, 0, false
	return true
}

// embedded reads the IPv4 address, and perhaps a netmask, at the end.
func (p *ipv6Parser) embedded(s []byte) (bits int, ok bool) {
	octets, digits, v := 0, 0, 0
	bits = 8 * ipv6Size
	p.sawDigits = false
	for i, c := range s {
		switch {
		case isDigit(c):
			if digits++; digits > 1 && v == 0 {
				return 0, false
			}
			if v = 10*v + int(c-'0'); v > 255 {
				return 0, false
			}
			continue
		case c != '.' && c != '/' || octets > 3:
			return 0, false
		}
		p.address[p.n+octets] = byte(v)
		octets++
		if c == '/' {
			bits, ok = readBitsStrict(s[i+1:])
			p.n += ipv4Size
			return bits, ok
		}
		v, digits = 0, 0
	}
	if digits == 0 || octets > 3 {
		return 0, false
	}
	p.address[p.n+octets] = byte(v)
	p.n += ipv4Size
	return bits, true
}

// finish moves what follows the gap to the end.
func (p *ipv6Parser) finish() bool {
	if p.sawDigits && !p.word() {
		return false
	}
	if p.gap < 0 {
		return p.n == ipv6Size
	}
	if p.n == ipv6Size {
		return false
	}
	after := p.n - p.gap
	copy(p.address[ipv6Size-after:], p.address[p.gap:p.n])
	clear(p.address[p.gap : ipv6Size-after])
	return true
}

// readBitsStrict reads a netmask of IPv6, which has no leading zeros.
func readBitsStrict(s []byte) (bits int, ok bool) {
	if len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	return readBits(s, 8*ipv6Size)
}
