package consumer

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace/millrace/topology"
)

// metrics are the Kafka side's. Labels name streams and topics only, never data.
type metrics struct {
	records       prometheus.Counter
	blocks        prometheus.Counter
	skipped       *prometheus.CounterVec
	dead          *prometheus.CounterVec
	flush         prometheus.Histogram
	failedFlushes prometheus.Counter
	resets        prometheus.Counter
	failedFolds   prometheus.Counter
	duplicates    prometheus.Counter
	ledgerFaults  prometheus.Counter
	problems      prometheus.Counter
	lagSeconds    *prometheus.GaugeVec
	lagRecords    *prometheus.GaugeVec
	groups        *prometheus.GaugeVec
	decoded       prometheus.Counter
	evaluated     evaluatorMetrics
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "millrace", Name: name, Help: help})
		r.MustRegister(c)
		return c
	}
	byStream := func(name, help string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "millrace", Name: name, Help: help}, []string{"stream"})
		r.MustRegister(c)
		return c
	}
	seconds := func(name, help string) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "millrace", Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		})
		r.MustRegister(h)
		return h
	}
	byTopic := func(name, help string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "millrace", Name: name, Help: help}, []string{"topic", "partition"})
		r.MustRegister(g)
		return g
	}
	groups := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "millrace", Name: "groups", Help: "Groups of all views of a stream in a lane's tables at its last flush.",
	}, []string{"stream", "lane"})
	r.MustRegister(groups)
	return &metrics{
		records:       counter("records_total", "Input records read, by live reading and catch-ups."),
		decoded:       counter("records_decoded_total", "Input records decoded, once for all views that read together."),
		blocks:        counter("blocks_published_total", "Blocks and dead letters published."),
		skipped:       byStream("records_skipped_total", "Records left out under on_error = 'skip'."),
		dead:          byStream("dead_letters_total", "Records written to the dead-letter topic, including those of flushes that failed and were repeated."),
		flush:         seconds("flush_seconds", "From sealing the tables to the commit of their transaction."),
		failedFlushes: counter("flushes_failed_total", "Flushes that failed and were read again."),
		resets:        counter("lane_resets_total", "Times a lane started again from its committed positions."),
		failedFolds:   counter("folds_failed_total", "Folds that failed and were tried again."),
		duplicates:    counter("duplicate_flushes_total", "Flushes refused because they were applied before."),
		ledgerFaults:  counter("ledger_faults_total", "Gaps and overlaps found by the ledger."),
		problems:      counter("problems_total", "Problems that stop a stream, a view or a partition."),
		lagSeconds:    byTopic("lag_seconds", "Age of the newest record when its fold was committed, by partials partition."),
		lagRecords:    byTopic("lag_records", "Input records not read yet, by input partition, as of the last fetch."),
		groups:        groups,
		evaluated:     newEvaluatorMetrics(r),
	}
}

// behind returns the gauge of how many records of an input partition are not
// read yet.
func (m *metrics) behind(tp topology.TopicPartition) prometheus.Gauge {
	return m.lagRecords.WithLabelValues(tp.Topic, strconv.Itoa(int(tp.Partition)))
}
