package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// delivery is one stream of lines on its way to a topic.
type delivery struct {
	client       *kgo.Client
	topic        string
	progress     func(records, bytes int64)
	acknowledged atomic.Int64
	lastProgress time.Time

	// mu guards the first failure.
	mu         sync.Mutex
	failed     error
	failedLine int64
}

const (
	slabRecords   = 512
	progressEvery = 100 * time.Millisecond
)

// slab holds records and their line numbers, so that neither costs an
// allocation of its own.
type slab struct {
	records [slabRecords]kgo.Record
	lines   [slabRecords]int64
	used    int
}

// send reads to the end and waits until the last record is acknowledged.
func (d *delivery) send(ctx context.Context, lines *lineReader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, promise := d.newSlab(cancel)
	for {
		value, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			_ = d.flush(ctx) // what stands before the bad line is still written
			return err
		}
		if s.used == slabRecords {
			s, promise = d.newSlab(cancel)
			d.report(lines, false)
		}
		r := &s.records[s.used]
		r.Topic, r.Value = d.topic, value
		s.lines[s.used] = lines.line
		s.used++
		// Blocks while the buffer is full; fails its promise where ctx ends.
		d.client.Produce(ctx, r, promise)
		if ctx.Err() != nil {
			break
		}
	}
	if err := d.flush(ctx); err != nil {
		return err
	}
	d.report(lines, true)
	return nil
}

// flush waits for the records in the buffer, and throws them away where ctx
// ends first.
func (d *delivery) flush(ctx context.Context) error {
	err := d.client.Flush(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = d.client.AbortBufferedRecords(context.WithoutCancel(ctx))
		return context.Cause(ctx)
	}
	return nil
}

// newSlab returns a slab and the promise that its records share. The first
// failure stops the sending.
func (d *delivery) newSlab(stop func()) (*slab, func(*kgo.Record, error)) {
	s := &slab{}
	return s, func(r *kgo.Record, err error) {
		if err == nil {
			d.acknowledged.Add(1)
			return
		}
		if errors.Is(err, context.Canceled) || errors.Is(err, kgo.ErrAborting) {
			return // follows from another failure or from the caller's cancel
		}
		d.fail(s.lineOf(r), err)
		stop()
	}
}

func (s *slab) lineOf(r *kgo.Record) int64 {
	for i := range s.records {
		if &s.records[i] == r {
			return s.lines[i]
		}
	}
	panic("bug: a promise was called with a record of another slab")
}

func (d *delivery) fail(line int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil || line < d.failedLine {
		d.failed, d.failedLine = err, line
	}
}

func (d *delivery) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil {
		return nil
	}
	return fmt.Errorf("line %d: %w", d.failedLine, d.failed)
}

func (d *delivery) report(lines *lineReader, last bool) {
	if d.progress == nil || !last && time.Since(d.lastProgress) < progressEvery {
		return
	}
	d.lastProgress = time.Now()
	d.progress(d.acknowledged.Load(), lines.read)
}
