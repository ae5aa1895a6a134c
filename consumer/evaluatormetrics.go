package consumer

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// evaluatorMetrics are of the views with row programs, by view.
type evaluatorMetrics struct {
	batches, rows, seconds, failed, retries *prometheus.CounterVec
}

func newEvaluatorMetrics(r prometheus.Registerer) evaluatorMetrics {
	byView := func(name, help string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "millrace", Name: name, Help: help}, []string{"view"})
		r.MustRegister(c)
		return c
	}
	return evaluatorMetrics{
		batches: byView("evaluator_batches_total", "Batches that PostgreSQL evaluated."),
		rows:    byView("evaluator_rows_total", "Rows that PostgreSQL evaluated, those that failed among them."),
		seconds: byView("evaluator_seconds_total", "Time that they took, from asking to having the answer; several may be under way at once."),
		failed:  byView("evaluator_row_errors_total", "Rows that PostgreSQL refused."),
		retries: byView("evaluator_retries_total", "Batches that could not be evaluated and were sent again: PostgreSQL was away, or something that the view needs is."),
	}
}

// evaluatorOf are the metrics of one view.
type evaluatorOf struct {
	batches, rows, seconds, failed, retries prometheus.Counter
}

func (m *metrics) evaluator(view string) evaluatorOf {
	e := &m.evaluated
	return evaluatorOf{
		e.batches.WithLabelValues(view), e.rows.WithLabelValues(view), e.seconds.WithLabelValues(view),
		e.failed.WithLabelValues(view), e.retries.WithLabelValues(view),
	}
}

// took counts a batch.
func (e evaluatorOf) took(rows, failed int, d time.Duration) {
	e.batches.Inc()
	e.rows.Add(float64(rows))
	e.failed.Add(float64(failed))
	e.seconds.Add(d.Seconds())
}
