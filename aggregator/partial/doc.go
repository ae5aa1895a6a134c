// Package partial is the wire format of partials: the aggregate states of a
// view's groups over one flush, on their way from a worker to the owner of the
// groups' shard, with the input ranges that they cover.
//
// # Version 1
//
// Integers marked v are varints as encoding/binary's: u unsigned, z zigzag.
// Fixed-width ones are little-endian. Bytes of a count or length that do not
// follow are an error, found before anything of that size is allocated.
//
//	block
//	+---------+----------+--------+---------------+-----------+-----------+
//	| version | checksum | header | vectors       | group     | end of    |
//	| 1 = 1   | 8        |        | keys, states  | errors    | the bytes |
//	+---------+----------+--------+---------------+-----------+-----------+
//	checksum = xxhash64 of everything behind it
//
//	header
//	+------+---------+------+---------+---------+----------+--------+
//	| view | shard u | lane | seq u   | part u  | parts u  | schema |
//	| 16   | ≤ 4095  | 16   |         |         | ≥ 1      | 8      |
//	+------+---------+------+---------+---------+----------+--------+
//	| ranges u | range …  | groups u |
//	+----------+----------+----------+
//
//	range
//	+-------+-------------+--------+---------------+------------+
//	| topic | partition u | from z | to − from  u  | max time z |
//	| 16    |             |        |               |            |
//	+-------+-------------+--------+---------------+------------+
//
//	vectors
//	+--------+----------+--------------------------+
//	| keys u | states u | vector … (keys + states) |
//	+--------+----------+--------------------------+
//
//	vector, of as many rows as the block has groups
//	+------------+----------+-------------------------+----------------------+
//	| type       | form     | validity, if form = 1   | values of the rows   |
//	| 1, by name | 1        | 1 bit a row, lowest     | that are not NULL    |
//	| below      | 0, 1     | first, the rest 0       |                      |
//	+------------+----------+-------------------------+----------------------+
//
//	values by type
//	1 bool, 2 int2, 3 int4, 4 int8,        z each
//	9 date, 10 timestamp, 11 timestamptz,
//	15 time
//	5 float4, 6 float8                     8 bytes each, IEEE 754 bits of a float8
//	7 numeric, 8 text                      length u each, then the bytes of all
//	13 bytea, 14 bpchar, 16 uuid, 17 json, the same, each as it stands in vectors
//	18 jsonb, 19 inet, 20 cidr, 21 enum,   (package datum)
//	22 other; 0x80 + elements: arrays
//	12 interval                            months z, days z, microseconds z each
//
//	group errors, by group ascending
//	+----------+------------------+----------+-----------------------------------+------------+
//	| errors u | group u (the     | SQLSTATE | message, detail, hint:            | position u |
//	|          | first, then Δ)   | string   | string each                       |            |
//	+----------+------------------+----------+-----------------------------------+------------+
//	string = length u, bytes
package partial
