package consumer

import (
	"bytes"
	"sync"

	"github.com/pierrec/lz4/v4"
	"github.com/twmb/franz-go/pkg/kgo"
)

// lz4Compressor compresses in pieces of 256 KiB. kgo's are of 4 MiB: whoever writes
// or reads one takes two buffers of that size, and takes them anew after every other
// collection. With two lanes and two folders those were up to 30 MB. What comes out is a
// fortieth larger; with the 64 KiB of Kafka's own client it would be a seventh.
type lz4Compressor struct{ writers sync.Pool }

// Compress is kgo's [kgo.Compressor].
func (c *lz4Compressor) Compress(dst *bytes.Buffer, src []byte, _ ...kgo.CompressFlag) ([]byte, kgo.CompressionCodecType) {
	w, ok := c.writers.Get().(*lz4.Writer)
	if !ok {
		w = lz4.NewWriter(nil)
		if err := w.Apply(lz4.BlockSizeOption(lz4.Block256Kb)); err != nil {
			return nil, kgo.CodecError
		}
	}
	defer c.writers.Put(w)
	w.Reset(dst)
	if _, err := w.Write(src); err != nil {
		return nil, kgo.CodecError
	}
	if err := w.Close(); err != nil {
		return nil, kgo.CodecError
	}
	return dst.Bytes(), kgo.CodecLz4
}

// compressing returns the option of a producer that compresses with a codec which
// [Config.Validate] knows.
func compressing(name string) kgo.ProducerOpt {
	if name == "lz4" {
		return kgo.WithCompressor(&lz4Compressor{})
	}
	codec, _ := compression(name)
	return kgo.ProducerBatchCompression(codec, kgo.NoCompression())
}
