package fleet

// A Change says how one package differs between two platforms.
type Change string

// The changes.
const (
	Added      Change = "added"
	Removed    Change = "removed"
	Upgraded   Change = "upgraded"
	Downgraded Change = "downgraded"
	Changed    Change = "changed" // versions that cannot be ordered
)

// A Row is one changed package of a comparison.
type Row struct {
	Package string `json:"package"`
	Type    string `json:"type"`
	From    string `json:"from,omitempty"` // "" when added
	To      string `json:"to,omitempty"`   // "" when removed
	Change  Change `json:"change"`
	Pending int    `json:"pending,omitempty"` // database updates for the given site
}

// A Finding is a block (the site may not be moved) or a warning.
type Finding struct {
	Block bool   `json:"block,omitempty"`
	Site  URI    `json:"site,omitempty"` // "" when it holds for all
	Text  string `json:"text"`
}

// A Comparison is the difference between two platforms and, with facts of a
// site, what that means for it. Rows are ordered by weight: downgrades,
// removals, upgrades, additions; then by name.
type Comparison struct {
	From, To PlatformName
	Rows     []Row
	Findings []Finding // blocks first
	Pending  int       // database updates in all
	Same     int       // packages that do not differ
}

// Blocked reports whether any finding is a block.
func (c Comparison) Blocked() bool {
	for _, f := range c.Findings {
		if f.Block {
			return true
		}
	}
	return false
}
