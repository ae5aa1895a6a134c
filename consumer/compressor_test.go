package consumer

import (
	"bytes"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestLz4Blocks: what the compressor writes is what kgo reads, in pieces of 256 KiB, and a
// writer serves many batches.
func TestLz4Blocks(t *testing.T) {
	c := &lz4Compressor{}
	for _, n := range []int{0, 1, 1000, 200_000, 900_000, 10} {
		src := bytes.Repeat([]byte("group "), n/6+1)[:n]
		packed, codec := c.Compress(&bytes.Buffer{}, src)
		if codec != kgo.CodecLz4 {
			t.Fatalf("%d bytes: codec %v", n, codec)
		}
		// The frame's descriptor: magic number, flags, and the size of the pieces in bits 4 to 6.
		if len(packed) < 6 || packed[5]>>4&7 != 5 {
			t.Fatalf("%d bytes: the frame begins with % x", n, packed[:min(len(packed), 6)])
		}
		got, err := kgo.DefaultDecompressor().Decompress(packed, codec)
		if err != nil || !bytes.Equal(got, src) {
			t.Fatalf("%d bytes: %d come back, %v", n, len(got), err)
		}
	}
}
