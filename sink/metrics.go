package sink

import "github.com/prometheus/client_golang/prometheus"

// metrics are the package's; no label comes from data.
type metrics struct {
	foldSeconds  prometheus.Histogram
	foldRows     prometheus.Counter
	failedGroups prometheus.Counter
	foldErrors   prometheus.Counter
	claims       prometheus.Counter
	takeovers    prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		foldSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "millrace_fold_seconds",
			Help:    "Time of fold transactions that committed, from BEGIN to the answer to COMMIT.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 16),
		}),
		foldRows:     counter("millrace_fold_rows_total", "Rows that folds inserted or updated."),
		failedGroups: counter("millrace_fold_failed_groups_total", "Groups that PostgreSQL refused and that were marked in error."),
		foldErrors:   counter("millrace_fold_errors_total", "Folds that failed or lost their claim."),
		claims:       counter("millrace_claims_total", "Partitions of partials topics claimed."),
		takeovers:    counter("millrace_takeovers_total", "Backends of former owners that a claim ended."),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.foldSeconds, m.foldRows, m.failedGroups, m.foldErrors, m.claims, m.takeovers} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}
