package web

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/distrobot/distrobot/hosting"
)

// maxNews bounds what is read of a log after a check, in bytes.
const maxNews = 256 << 10

// A phpLog is the log of a site's PHP, from where it ended when a check began.
type phpLog struct {
	path string
	user int // owner it must have; -1: any
	from int64
}

func openLog(s Served) phpLog {
	l := phpLog{path: filepath.Join(s.Dir, "logs", "php.log"), user: -1}
	if s.User != nil {
		l.user = int(s.User.UID)
	}
	if info, err := os.Lstat(l.path); err == nil {
		l.from = info.Size()
	}
	return l
}

// An entry begins with its time in brackets; lines without belong to the one
// before.
var logEntry = regexp.MustCompile(`(?m)^\[[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [^\]]*\] `)

// since gives the new entries that name a file below dir: each generation has a
// directory of its own, so what visitors of the live one cause is left out.
func (l phpLog) since(dir string) string {
	news := l.news()
	at := logEntry.FindAllStringIndex(news, -1)
	var out strings.Builder
	for i, begin := range at {
		end := len(news)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		if entry := news[begin[0]:end]; strings.Contains(entry, dir) && out.Len() < maxLog {
			out.WriteString(entry)
		}
	}
	return out.String()
}

// news reads what was appended. The site's user can put anything in the log's
// place, so nothing but a plain file of theirs is read.
func (l phpLog) news() string {
	in, err := os.OpenFile(l.path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || l.user >= 0 && int(st.Uid) != l.user {
		return ""
	}
	if info.Size() < l.from { // it was rotated
		l.from = 0
	}
	b, _ := io.ReadAll(io.NewSectionReader(in, l.from, maxNews))
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// directories makes what a pool needs in a site's directory. The directory
// itself belongs to the worker, so nobody can put links there.
func (f *Front) directories(sites []Served) error {
	for _, s := range sites {
		if !s.PHP || !exists(s.Dir) { // a site that was removed by hand must not stop the others
			continue
		}
		for _, d := range []string{"logs", "tmp"} {
			p := filepath.Join(s.Dir, d)
			if err := os.Mkdir(p, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return hosting.Explain("serve the site", err)
			}
			if s.User != nil {
				if err := os.Lchown(p, int(s.User.UID), int(s.User.GID)); err != nil {
					return err
				}
			}
		}
		if err := openGate(s); err != nil {
			return hosting.Explain("serve the site", err)
		}
	}
	return nil
}

// RotateLogs puts PHP logs aside that have grown large, in the place of earlier
// ones. Call it now and then; PHP opens its log for each line.
func (f *Front) RotateLogs() error {
	sites, err := f.known()
	for _, s := range sites {
		log := filepath.Join(s.Dir, "logs", "php.log")
		if info, statErr := os.Lstat(log); statErr == nil && info.Size() > maxPHPLog {
			err = errors.Join(err, os.Rename(log, log+".1"))
		}
	}
	return err
}

// maxPHPLog is the size at which a log is put aside, in bytes.
const maxPHPLog = 16 << 20

// openGate lets the site's user, and nobody else, lock serving.lock.
func openGate(s Served) error {
	l, err := os.OpenFile(filepath.Join(s.Dir, "serving.lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o640)
	if err != nil {
		return err
	}
	defer l.Close()
	if s.User == nil {
		return nil
	}
	if err := l.Chown(-1, int(s.User.GID)); err != nil {
		return err
	}
	return l.Chmod(0o640)
}
