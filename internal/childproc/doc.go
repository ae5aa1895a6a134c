// Package childproc runs servers as child processes of this one: the database
// of `millrace dev`, and the broker and database of the tests.
//
// Three duties come with that, and each is easy to get wrong alone. A child
// must not outlive a parent that was killed: on Linux the kernel signals it
// (Pdeathsig), elsewhere the next start finds it by its folder's lock. A child
// of root may have to run as somebody else, as PostgreSQL refuses root. And a
// child is ended by its own process id, politely first.
package childproc
