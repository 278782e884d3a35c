package fleet

// epochBits is where the epoch of a fence begins; below it, fences count.
const epochBits = 32

// nextFence is the fence after the last one, in an epoch of the storage.
func nextFence(last, epoch int64) int64 { return max(last+1, epoch<<epochBits+1) }

// Outlived reports whether a task was being worked on when the storage was
// restored from a backup: its journal is that of the backup, its machine has gone
// further. Epochs begin with 1, those of tasks that know of none with 0.
func Outlived(t Task, epoch int64) bool {
	return t.State == TaskRunning && epoch > 1 && t.Fence>>epochBits < epoch
}
