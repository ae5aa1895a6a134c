package childproc

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is a server's folder for one run. A held lock beside it says that its
// run is alive; a folder whose lock is free is a killed run's.
type Folder struct {
	Path string
	lock *Lock
}

// MakeFolder makes a folder in parent with a name that begins with prefix. The
// caller ends it with Remove.
func MakeFolder(parent, prefix string) (*Folder, error) {
	path := filepath.Join(parent, prefix+rand.Text()[:10])
	// The lock comes first: nobody must find the folder without it.
	lock, err := TryLock(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	f := &Folder{Path: path, lock: lock}
	if err := os.Mkdir(path, 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("make a folder: %w", err), f.Remove())
	}
	return f, nil
}

// Remove removes the folder with all that is in it.
func (f *Folder) Remove() error {
	err := errors.Join(os.RemoveAll(f.Path), os.Remove(f.Path+".lock"))
	f.lock.Unlock()
	return err
}

// SweepFolders removes the folders in parent that killed runs have left; end is
// called for each before, to end what still runs there.
func SweepFolders(parent, prefix string, end func(path string) error) error {
	paths, err := filepath.Glob(filepath.Join(parent, prefix+"*"))
	if err != nil {
		return fmt.Errorf("look for killed runs' folders: %w", err)
	}
	var failed error
	for _, path := range paths {
		if filepath.Ext(path) == ".lock" {
			continue
		}
		lock, err := TryLock(path + ".lock")
		if errors.Is(err, ErrLocked) || errors.Is(err, fs.ErrPermission) {
			continue // a living run's, or another user's
		}
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		left := &Folder{Path: path, lock: lock}
		failed = errors.Join(failed, end(path), left.Remove())
	}
	return failed
}
