package fleet

import (
	"context"
)

// Catalog keeps distributions and answers questions about the fleet.
type Catalog struct {
	Store Store
}

// Add adds a distribution. It validates name, URL-less rules, track expression; Exists if there is one.
func (c *Catalog) Add(ctx context.Context, d Distribution, who Actor) (Distribution, error) {
	panic("unwritten")
}

// Edit changes a distribution by a rule; Rules rises when what authorises work changed, and a Review effect follows.
func (c *Catalog) Edit(ctx context.Context, name DistName, who Actor, change func(*Distribution) error) (Distribution, error) {
	panic("unwritten")
}

// Remove removes a distribution; refused while it has platforms with sites; its empty platforms stay, without a distribution.
func (c *Catalog) Remove(ctx context.Context, name DistName, who Actor) error {
	panic("unwritten")
}

// Distribution reads one.
func (c *Catalog) Distribution(ctx context.Context, name DistName) (Distribution, error) {
	panic("unwritten")
}

// Distributions lists all, by name.
func (c *Catalog) Distributions(ctx context.Context) ([]Distribution, error) {
	panic("unwritten")
}

// Platform reads one.
func (c *Catalog) Platform(ctx context.Context, name PlatformName) (Platform, error) {
	panic("unwritten")
}

// Platforms lists those of a distribution, oldest first; all of them when it is empty.
func (c *Catalog) Platforms(ctx context.Context, of DistName) ([]Platform, error) {
	panic("unwritten")
}

// Site reads one.
func (c *Catalog) Site(ctx context.Context, uri URI) (Site, error) {
	panic("unwritten")
}

// Sites lists sites that match, by URI; total counts all that match.
func (c *Catalog) Sites(ctx context.Context, q SiteQuery) (sites []Site, total int, err error) {
	panic("unwritten")
}

// Standing gives, per distribution with a target, how many sites are where; derived from platforms, never by reading sites.
func (c *Catalog) Standing(ctx context.Context) ([]Standing, error) {
	panic("unwritten")
}

// A SiteQuery selects sites; empty fields do not select.
type SiteQuery struct {
	Distribution  DistName
	Platform      PlatformName
	Host          HostName
	Tag           string
	OutOfDate     bool
	Offset, Limit int // Limit 0 means 50
}

// A Standing says how one distribution's sites stand to its target.
type Standing struct {
	Distribution Distribution
	Behind       []PlatformCount // platforms with sites that are not the target, most sites first
	OnTarget     int             // sites on the target
	OutOfDate    int             // sites in Behind
}

// A PlatformCount is a platform with the number of its sites.
type PlatformCount struct {
	Platform Platform
	Sites    int
}
