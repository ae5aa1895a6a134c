//go:build unix && !linux

package childproc

import "syscall"

// attributes puts the child into a process group of its own, so that a Ctrl-C
// at the terminal reaches the parent alone and the parent decides the order.
// There is no death signal here: a child of a killed parent lives on.
func attributes(as *User, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: as.credential()}
}
