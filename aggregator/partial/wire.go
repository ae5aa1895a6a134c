package partial

// Append encodes a block in version 1 of the format and appends it to dst.
func Append(dst []byte, b *Block) []byte { panic("unfinished") }

// Decode reads a block into b, whose vectors and slices it reuses. Damaged
// bytes are an error, never a panic.
func Decode(data []byte, b *Block) error { panic("unfinished") }

// Header reads a block without its vectors and group errors: view, shard,
// flush, part, ranges, schema and the number of groups.
func Header(data []byte) (Block, error) { panic("unfinished") }

// MaxSize returns an upper bound of the bytes that Append writes for b.
func MaxSize(b *Block) int { panic("unfinished") }
