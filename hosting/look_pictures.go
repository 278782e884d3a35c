package hosting

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/job"
	"github.com/distrobot/distrobot/internal/look"
)

// Bounds of what is kept of pictures.
const (
	lookLife     = 7 * 24 * time.Hour // of the files on the host
	maxLookFile  = 32 << 20           // of one picture there, in bytes
	lookPictures = 6                  // that people are shown of one look
	lookLimit    = 30 * time.Minute   // of a step: five pages, at two widths, at most twice
)

// A before is a picture of the old site and how far it differs from itself.
type before struct {
	look.Picture `json:"-"`
	Masked       []image.Rectangle `json:"masked,omitempty"`
	Status       int               `json:"status"`
	Failed       int               `json:"failed,omitempty"`
	Cut          bool              `json:"cut,omitempty"`
	Noise        float64           `json:"noise"`
}

// lookDir is where a task keeps its pictures of before.
func (w *Worker) lookDir(s *job.Scope) string {
	return filepath.Join(w.lookRoot(), string(s.Task.ID))
}

func (w *Worker) lookRoot() string {
	return orDefault(w.Looks, filepath.Join(os.TempDir(), "distrobot-looks"))
}

// tidyLooks removes the pictures of tasks that are long over.
func (w *Worker) tidyLooks() {
	all, _ := os.ReadDir(w.lookRoot()) // there is none yet
	for _, e := range all {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > lookLife {
			_ = os.RemoveAll(filepath.Join(w.lookRoot(), e.Name()))
		}
	}
}

// before gives the picture of before: the one that was taken, or one of the old
// copy as it still is, where that is gone.
func (l *looking) before(ctx context.Context, p LookPage, width int) (before, error) {
	if b, err := l.readBefore(p, width); err == nil {
		return b, nil
	}
	return l.takeBefore(ctx, p, width)
}

func (l *looking) takeBefore(ctx context.Context, p LookPage, width int) (before, error) {
	first, err := l.eye.Shoot(ctx, l.shot(l.old, p, width))
	if err != nil {
		return before{}, err
	}
	second, err := l.eye.Shoot(ctx, l.shot(l.old, p, width))
	if err != nil {
		return before{}, err
	}
	b := before{Picture: first, Masked: first.Masked, Status: first.Status, Failed: first.Failed, Cut: first.Cut, Noise: look.Compare(first, second).Share}
	return b, l.writeBefore(p, width, b)
}

// beforeName is the file of a page without its ending.
func (l *looking) beforeName(p LookPage, width int) string {
	n := 0
	for i := range l.pages {
		if l.pages[i].Path == p.Path {
			n = i
		}
	}
	return filepath.Join(l.dir, fmt.Sprintf("%d-%d", n, width))
}

// writeBefore keeps a picture: the words last, whole or not at all, so that what
// has words has a picture.
func (l *looking) writeBefore(p LookPage, width int, b before) error {
	var img bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&img, b.Image); err != nil {
		return err
	}
	words, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	name := l.beforeName(p, width)
	for _, f := range []struct {
		end  string
		data []byte
	}{{".png", img.Bytes()}, {".json", words}} {
		if err := os.WriteFile(name+f.end+".new", f.data, 0o600); err != nil {
			return err
		}
		if err := os.Rename(name+f.end+".new", name+f.end); err != nil {
			return err
		}
	}
	return nil
}

func (l *looking) readBefore(p LookPage, width int) (before, error) {
	var b before
	name := l.beforeName(p, width)
	words, err := os.ReadFile(name + ".json")
	if err == nil {
		err = json.Unmarshal(words, &b)
	}
	if err != nil {
		return b, err
	}
	if info, err := os.Stat(name + ".png"); err != nil || info.Size() > maxLookFile {
		return b, fs.ErrNotExist
	}
	img, err := os.ReadFile(name + ".png")
	if err != nil {
		return b, err
	}
	b.Picture = look.Picture{Masked: b.Masked, Status: b.Status, Failed: b.Failed, Cut: b.Cut}
	b.Picture.Image, err = look.DecodePNG(img, look.MaxWidth, look.MaxHeight)
	return b, err
}

// compare looks at every page of the new copy. Pictures are made of what looks
// otherwise and of what nothing can be told of; if there is no such page, of the
// one that differs most.
func (l *looking) compare(ctx context.Context) (fleet.Look, []fleet.Picture, error) {
	var found fleet.Look
	var pictures []fleet.Picture
	var calm *fleet.Picture // of the page that differs most, as long as none is over
	most, at := -1.0, 0
	blocked := map[string]bool{}
	err := l.each(func(p LookPage, width int) error {
		seen, sheet, others, err := l.sight(ctx, p, width)
		if err != nil {
			return err
		}
		for _, h := range others {
			if len(blocked) < 20 && !blocked[h] {
				blocked[h] = true
				found.Blocked = append(found.Blocked, fleet.Clean(h, 100))
			}
		}
		switch {
		case sheet == nil:
		case (seen.Over() || seen.Unsure()) && len(pictures) < lookPictures:
			sheet.N = len(pictures) + 1
			seen.Picture, pictures = sheet.N, append(pictures, *sheet)
		case seen.Differs > most:
			most, at, calm = seen.Differs, len(found.Pages), sheet
		}
		found.Pages = append(found.Pages, seen)
		return nil
	})
	if err == nil && len(pictures) == 0 && calm != nil {
		calm.N, found.Pages[at].Picture = 1, 1
		pictures = append(pictures, *calm)
	}
	return found, pictures, err
}

// sight looks at one page of the new copy. What goes wrong is part of what is
// seen, unless the task is over.
func (l *looking) sight(ctx context.Context, p LookPage, width int) (fleet.Sight, *fleet.Picture, []string, error) {
	seen := fleet.Sight{Path: p.Path, Width: width, Threshold: p.Threshold / 100}
	b, err := l.before(ctx, p, width)
	if err == nil {
		var now look.Picture
		if now, err = l.eye.Shoot(ctx, l.shot(l.new, p, width)); err == nil {
			return l.told(seen, b, now)
		}
		err = fmt.Errorf("the new copy: %w", err)
	}
	if ctx.Err() != nil {
		return seen, nil, nil, context.Cause(ctx)
	}
	seen.Wrong = fleet.Clean(err.Error(), 200)
	return seen, nil, nil, nil
}

// told compares two pictures and draws them beside each other.
func (l *looking) told(seen fleet.Sight, b before, now look.Picture) (fleet.Sight, *fleet.Picture, []string, error) {
	d := look.Compare(b.Picture, now)
	seen.Differs, seen.Noise, seen.Note = d.Share, b.Noise, noted(b, now)
	sheet := look.Sheet{
		Title: fmt.Sprintf("%s  %s  ·  %d px", l.new.URI, seen.Path, seen.Width),
		Note: fmt.Sprintf("%s of its area differs; a person is asked above %s; %s is this page's noise.",
			sentenceCase(fleet.TellShare(seen.Differs)), fleet.TellShare(seen.Threshold), fleet.TellShare(seen.Noise)),
		Panels: []look.Panel{
			{Label: "before: " + string(l.old.Platform), Image: b.Image}, {Label: "after: " + string(l.new.Platform), Image: now.Image}, {Label: "what differs", Image: d.Image},
		},
	}
	img, err := sheet.PNG(fleet.MaxPicture)
	if err != nil {
		return seen, nil, now.Others, err
	}
	return seen, &fleet.Picture{Alt: fleet.TellSight(seen), PNG: img}, now.Others, nil
}

// noted tells what else differs between two visits of a page.
func noted(b before, now look.Picture) string {
	var out []string
	if b.Status != now.Status {
		out = append(out, fmt.Sprintf("it answers %d, before %d", now.Status, b.Status))
	}
	if now.Failed > b.Failed {
		out = append(out, fmt.Sprintf("%s of the site's own failed that did not before", fleet.Plural(now.Failed-b.Failed, "request", "requests")))
	}
	if b.Cut || now.Cut {
		out = append(out, fmt.Sprintf("only its first %d pixels are compared", look.MaxHeight))
	}
	return strings.Join(out, "; ")
}

func sentenceCase(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// putLook hands over what was seen: the pictures first, then the words that name
// them and the promise to show both.
func (w *Worker) putLook(ctx context.Context, s *job.Scope, found fleet.Look, pictures []fleet.Picture) error {
	fam := fleet.HostFamily(s.Task.Host)
	for _, p := range pictures {
		p.Task, p.Host = s.Task.ID, s.Task.Host
		err := patient(ctx, func() error {
			return w.Store.Update(ctx, fam, func(tx fleet.Tx) error {
				if _, err := tx.Get(&fleet.Picture{Task: p.Task, Host: p.Host, N: p.N}); err != nil {
					return err
				}
				tx.Put(&p)
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	found.Task, found.Host, found.Site, found.Plan = s.Task.ID, s.Task.Host, fleet.URI(s.Task.About), s.Task.Plan
	found.Policy = fleet.Looking(s.Param(fleet.ParamLook))
	channel := s.Task.Channel
	if s.Task.Plan != "" {
		plan := fleet.Plan{ID: s.Task.Plan}
		if err := patient(ctx, func() error { _, err := w.Store.Read(ctx, &plan); return err }); err != nil {
			return err
		}
		channel = orDefault(plan.Channel, channel)
	}
	return patient(ctx, func() error {
		return w.Store.Update(ctx, fam, func(tx fleet.Tx) error {
			if _, err := tx.Get(&fleet.Look{Task: found.Task, Host: found.Host}); err != nil {
				return err
			}
			found.At = tx.Now()
			tx.Put(&found)
			tx.Emit(fleet.Effect{Notice: &fleet.Notice{Subject: fleet.SubjectOf(fleet.AboutLook, fleet.LookID(found.Host, found.Task)), Channel: channel, Parent: s.Task.Shows}})
			return nil
		})
	})
}
