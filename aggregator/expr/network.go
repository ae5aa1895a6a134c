package expr

import (
	"strconv"

	"github.com/millrace/millrace/aggregator/datum"
)

// networkFunctions are the operators and functions of inet and cidr. In vectors
// these are a family, the bits of the netmask and the address.
func networkFunctions() []function {
	ip, net, t, i, b := datum.Inet, datum.Cidr, datum.Text, datum.Int4, datum.Bool
	one, two := takes(ip), takes(ip, ip)
	return []function{
		{oid: 711, name: "family", args: one, result: i, kernel: map1(func(a []byte) int64 { return int64(a[0]) })},
		{oid: 697, name: "masklen", args: one, result: i, kernel: map1(func(a []byte) int64 { return int64(a[1]) })},
		{oid: 699, name: "host", args: one, result: t, kernel: append1(appendHost)},
		{oid: 730, name: "text", args: one, result: t, kernel: append1(appendWithMask)},
		{oid: 683, name: "network", args: one, result: net, kernel: append1(appendNetwork)},
		{oid: 1715, name: "cidr", args: one, result: net, kernel: append1(appendNetwork)},
		{oid: 927, name: "network_sub", args: two, result: b, kernel: map2(func(a, b []byte) bool { return a[1] > b[1] && covers(b, a) })},
		{oid: 928, name: "network_subeq", args: two, result: b, kernel: map2(func(a, b []byte) bool { return covers(b, a) })},
		{oid: 929, name: "network_sup", args: two, result: b, kernel: map2(func(a, b []byte) bool { return a[1] < b[1] && covers(a, b) })},
		{oid: 930, name: "network_supeq", args: two, result: b, kernel: map2(covers)},
		{oid: 3551, name: "network_overlap", args: two, result: b, kernel: map2(func(a, b []byte) bool { return covers(a, b) || covers(b, a) })},
	}
}

func appendHost(dst, a []byte) []byte {
	whole := append([]byte{a[0], byte(8 * (len(a) - 2))}, a[2:]...)
	return datum.AppendIPText(dst, whole, datum.Inet)
}

func appendWithMask(dst, a []byte) []byte {
	return strconv.AppendInt(append(appendHost(dst, a), '/'), int64(a[1]), 10)
}

// appendNetwork clears the bits behind the netmask.
func appendNetwork(dst, a []byte) []byte {
	start := len(dst) + 2
	dst = append(dst, a...)
	for i := range dst[start:] {
		if keep := int(a[1]) - 8*i; keep < 8 {
			dst[start+i] &= ^byte(0) << (8 - max(keep, 0))
		}
	}
	return dst
}

// covers reports whether a network contains another one or is it.
func covers(a, b []byte) bool {
	if a[0] != b[0] || a[1] > b[1] {
		return false
	}
	bits := int(a[1])
	for i := 0; i < bits; i += 8 {
		differing := a[2+i/8] ^ b[2+i/8]
		if differing>>(8-min(bits-i, 8)) != 0 {
			return false
		}
	}
	return true
}
