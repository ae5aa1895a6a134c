// Package fault does harm on purpose: built with the tag millrace_faults, a
// node kills itself at named points, or leaves out a named guard, as its
// environment says. The crash tests use such a build. Without the tag the
// package is empty handed.
package fault
