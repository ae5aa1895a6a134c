package catalog

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace/millrace/consumer/broker"
	"github.com/millrace/millrace/topology"
)

// Change decides what a write does, given the catalog as it is then. It returns
// the records to write, together or not at all; none, where there is nothing
// to do; or the error by which it refuses. It is called again where another
// writer came in between, and gets its own copy of the catalog each time. Its
// records' Version, Revision and Operation, and what else hangs on the revision
// ([topology.Record.Seal]), are filled in for it.
type Change func(current *topology.Catalog) ([]*topology.Record, error)

// ErrOutcomeUnknown means that time ran out before it was known whether the
// change was committed. Reading the catalog tells.
var ErrOutcomeUnknown = errors.New("it is not known whether the change was committed")

const (
	// updateTimeout bounds a write with all its attempts.
	updateTimeout = 60 * time.Second
	// transactionTimeout is how long a writer that died holds readers back.
	transactionTimeout = 10 * time.Second
	abortTimeout       = 2 * time.Second
)

// Update carries out a change and returns the catalog's revision behind it,
// which later readers wait for. It retries, against other writers and brokers
// that come and go, until ctx ends or a minute has passed. A refusal by change
// comes back as it is.
func (c *Catalog) Update(ctx context.Context, change Change) (topology.Revision, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, updateTimeout,
		fmt.Errorf("no success within %s: %w", updateTimeout, context.DeadlineExceeded))
	defer cancel()
	u := &update{catalog: c, change: change, operation: rand.Text()}
	wait := newBackoff(writeBackoff)
	for {
		revision, err := u.attempt(ctx)
		if err == nil {
			return revision, nil
		}
		var refused *refusal
		if errors.As(err, &refused) {
			return 0, refused.err
		}
		if ctx.Err() == nil && !u.retryable(err) {
			return 0, u.failed(err)
		}
		c.logger.Debug("catalog write tried again", "operation", u.operation, "err", err)
		if cause := wait.next(ctx); cause != nil {
			return 0, u.failed(fmt.Errorf("%w; the last attempt: %w", cause, err))
		}
	}
}

// update is one change on its way, through as many attempts as it takes.
type update struct {
	catalog   *Catalog
	change    Change
	operation string
	// unknown is set from when a commit is sent until it is known whether it
	// arrived.
	unknown bool
}

// refusal carries what the change function said against itself.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }

// unclear is a commit that was sent and not confirmed: whatever went wrong, the
// log tells what became of it, so another attempt is due.
type unclear struct{ err error }

func (e *unclear) Error() string { return "commit: " + e.err.Error() }

func (e *unclear) Unwrap() error { return e.err }

func (u *update) retryable(err error) bool {
	var sent *unclear
	return errors.As(err, &sent) || broker.Fenced(err) || broker.Retryable(err)
}

func (u *update) failed(err error) error {
	if u.unknown {
		return fmt.Errorf("write the catalog: %w: %w", ErrOutcomeUnknown, err)
	}
	return fmt.Errorf("write the catalog: %w", err)
}

// attempt takes the transactional id, reads, decides, writes and commits, with
// a client of its own: a client that was fenced is of no use any more.
func (u *update) attempt(ctx context.Context) (topology.Revision, error) {
	c := u.catalog
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.TransactionalID(c.topic),
		kgo.TransactionTimeout(transactionTimeout),
	}, c.opts...)...)
	if err != nil {
		return 0, fmt.Errorf("make a client: %w", err)
	}
	defer client.Close()
	current, err := u.current(ctx, client)
	if err != nil {
		return 0, err
	}
	if revision, done := current.Done(u.operation); done {
		u.unknown = false
		return revision, nil
	}
	u.unknown = false
	before := current.Revision
	proposed, err := u.change(current.Clone())
	if err != nil {
		return 0, &refusal{err}
	}
	if len(proposed) == 0 {
		return before, nil
	}
	records, err := u.seal(before, proposed)
	if err != nil {
		return 0, &refusal{err}
	}
	if err := u.commit(ctx, client, records); err != nil {
		return 0, err
	}
	return before + topology.Revision(len(records)), nil
}

// current takes the transactional id and returns the catalog as it is then. It
// reads before, too, so that the time in which another writer can come in
// between is not that of connecting and of reading the whole log. Before the
// fence it does not wait for open transactions: the fence is what ends those of
// a writer that died.
func (u *update) current(ctx context.Context, client *kgo.Client) (*topology.Catalog, error) {
	if _, err := u.catalog.read(ctx, (*tail).toStable); err != nil {
		return nil, err
	}
	// This is the fence. It waits for a transaction that is being ended.
	if _, _, err := client.ProducerID(ctx); err != nil {
		return nil, fmt.Errorf("take the transactional id %q: %w", u.catalog.topic, err)
	}
	return u.catalog.read(ctx, (*tail).toEnd)
}

// seal numbers the records and encodes them. The proposed ones stay as they
// are, for the change may be asked again.
func (u *update) seal(before topology.Revision, proposed []*topology.Record) ([]*kgo.Record, error) {
	records := make([]*kgo.Record, len(proposed))
	for i, p := range proposed {
		r := *p
		r.Seal(before + topology.Revision(i) + 1)
		r.Operation = u.operation
		value, err := json.Marshal(&r)
		if err != nil {
			return nil, fmt.Errorf("encode the catalog's record of %q: %w", r.Name, err)
		}
		trial := topology.NewCatalog()
		trial.ApplyBytes([]byte(r.Key()), value, 0)
		if damaged := trial.Damaged(); len(damaged) > 0 {
			return nil, fmt.Errorf("bug: the catalog's record of %q could not be read again: %s", r.Name, damaged[0].Reason)
		}
		records[i] = &kgo.Record{Topic: u.catalog.topic, Partition: 0, Key: []byte(r.Key()), Value: value}
	}
	return records, nil
}

// commit writes the records in one transaction. Both answers are looked at: a
// fenced writer's produce is refused by name where its commit is only not
// attempted.
func (u *update) commit(ctx context.Context, client *kgo.Client, records []*kgo.Record) error {
	if err := client.BeginTransaction(); err != nil {
		return fmt.Errorf("begin the transaction: %w", err)
	}
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		u.abort(ctx, client)
		return fmt.Errorf("produce: %w", err)
	}
	u.unknown = true
	if err := client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return &unclear{err}
	}
	u.unknown = false
	return nil
}

// abort spares readers the transaction's timeout. Where it fails, the next
// writer's fence or the timeout does it.
func (u *update) abort(ctx context.Context, client *kgo.Client) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	if err := client.EndTransaction(ctx, kgo.TryAbort); err != nil {
		u.catalog.logger.Debug("catalog write not aborted", "operation", u.operation, "err", err)
	}
}
