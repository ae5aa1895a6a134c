package childproc

import "syscall"

// attributes puts the child into a process group of its own, so that a Ctrl-C
// at the terminal reaches the parent alone and the parent decides the order.
func attributes(as *User, death syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: death, Credential: as.credential()}
}
