package childproc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ErrLocked says that another living process holds the lock.
var ErrLocked = errors.New("held by another process")

// Lock is a lock file's hold. The system gives it up when the process ends,
// however it ends, so a lock that can be had belongs to nobody alive.
type Lock struct{ file *os.File }

// TryLock takes the lock at path, creating the file, or returns ErrLocked.
func TryLock(path string) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, ErrLocked)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Lock{file: file}, nil
}

// WaitLock takes the lock at path as soon as nobody else holds it.
func WaitLock(ctx context.Context, path string) (*Lock, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		lock, err := TryLock(path)
		if !errors.Is(err, ErrLocked) {
			return lock, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for lock %s: %w", path, context.Cause(ctx))
		}
	}
}

// Unlock gives the lock up. The file stays: removing it would let two
// processes hold two locks of one name.
func (l *Lock) Unlock() { _ = l.file.Close() }
