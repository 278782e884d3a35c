// Package run starts external programs. It is the only importer of os/exec, so
// that every child of distrobot is started, limited and ended in one way:
//
//   - an argument vector, never a shell;
//   - exactly the environment it is given, so that tokens of the parent do not
//     leak into a build or a site;
//   - a process group of its own. Cancelling sends SIGTERM to the whole group,
//     SIGKILL after a grace time; whatever the program left running in its
//     group is ended when the program ends;
//   - on Linux the program dies with the worker that started it, even when the
//     worker is killed with SIGKILL (see await_linux.go);
//   - both output streams are drained at once, the tail of each is kept, and
//     secrets are removed before anybody sees a byte.
package run
