package hosting

import "context"

// Watch is the checker of the soak alone.
func (w *Worker) Watch(ctx context.Context, c Copy) error { return w.watch(ctx, c) }
