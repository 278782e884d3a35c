// Package storm plays a hosting machine whose workers are killed and frozen at
// random while they upgrade sites. The workers are processes, wired as the
// program wires them: runner, queue, sweep, the recipes and the local backend,
// over a real Redis. Whoever watches them knows what must be there afterwards:
// each upgrade once, in order, and nothing of a writer that had lost its task.
//
// It is for tests and measurements alone.
package storm
