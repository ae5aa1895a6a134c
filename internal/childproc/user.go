package childproc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// User is somebody other than the caller to run a child as. A nil User is the
// caller.
type User struct {
	Name     string
	UID, GID uint32
}

// Unprivileged returns whom a server that refuses root should run as: nobody
// else (nil) where the caller is not root, and the system's postgres or nobody
// where it is.
func Unprivileged() (*User, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "_postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseInt(found.Uid, 10, 64)
		gid, gidErr := strconv.ParseInt(found.Gid, 10, 64)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("user %q: %w", name, err)
		}
		// macOS has nobody as -2: the same number, read unsigned.
		return &User{Name: name, UID: uint32(uid), GID: uint32(gid)}, nil
	}
	return nil, errors.New("root cannot run a database server, and there is no user postgres or nobody to run it as")
}

// Own gives a folder and all below it to u; a nil User changes nothing.
func (u *User) Own(folder string) error {
	if u == nil {
		return nil
	}
	return filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(u.UID), int(u.GID))
	})
}

func (u *User) credential() *syscall.Credential {
	if u == nil {
		return nil
	}
	return &syscall.Credential{Uid: u.UID, Gid: u.GID}
}
