package workspace

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
	"unicode/utf8"
)

// file is one that an app uploads: by an address of its own first, then shared by
// completing the upload.
type file struct {
	ID, Name, Title string
	alt             string // what an image shows, in words
	size            int
	data            []byte // nil until it was uploaded
	shared          bool
	asked           time.Time
}

// uploadLife is how long an upload's address lives; maxFile what may be uploaded.
const (
	uploadLife = 10 * time.Minute
	maxFile    = 10 << 20
	maxAltText = 1000 // characters of what an image shows
)

func getUploadURL(c *call) (obj, error) {
	size, name := c.number("length", 0), c.str("filename")
	switch {
	case name == "":
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: filename")
	case size <= 0:
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: length")
	case size > maxFile:
		return nil, refuse("file_upload_size_restricted")
	case utf8.RuneCountInString(c.str("alt_txt")) > maxAltText:
		return nil, refuse("invalid_arguments", "[ERROR] alt_txt must be at most 1000 characters")
	}
	f := &file{ID: "F0" + randomID(9), Name: name, size: size, alt: c.str("alt_txt"), asked: c.s.now()}
	c.s.st.files[f.ID] = f
	return obj{"upload_url": c.s.base + "/upload/" + f.ID, "file_id": f.ID}, nil
}

// serveUpload takes the bytes of a file, as they are or as the field of a form.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		parts, err := r.MultipartReader()
		if err != nil {
			http.Error(w, "malformed", http.StatusBadRequest)
			return
		}
		part, err := parts.NextPart()
		for err == nil && part.FileName() == "" {
			part, err = parts.NextPart()
		}
		if err != nil {
			http.Error(w, "no file", http.StatusBadRequest)
			return
		}
		body = part
	}
	data, err := io.ReadAll(io.LimitReader(body, maxFile+1))
	if err != nil {
		http.Error(w, "cut off", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.st.files[r.PathValue("id")]
	switch {
	case f == nil || f.shared || s.now().Sub(f.asked) > uploadLife:
		http.Error(w, "no such upload", http.StatusNotFound)
	case len(data) != f.size:
		http.Error(w, fmt.Sprintf("%d bytes, not %d", len(data), f.size), http.StatusBadRequest)
	default:
		f.data = data
		fmt.Fprintf(w, "OK - %d", len(data))
	}
}

// completeUpload shares files as one message of the bot, or as nothing that is
// seen when no channel is named.
func completeUpload(c *call) (obj, error) {
	var list []struct{ ID, Title string }
	if err := json.Unmarshal([]byte(c.str("files")), &list); err != nil || len(list) == 0 {
		return nil, refuse("invalid_arguments", "[ERROR] files")
	}
	var files []*file
	out := []obj{}
	for _, l := range list {
		f := c.s.st.files[l.ID]
		if f == nil || f.data == nil || f.shared {
			return nil, refuse("file_not_found")
		}
		if f.Title = l.Title; f.Title == "" {
			f.Title = f.Name
		}
		files, out = append(files, f), append(out, obj{"id": f.ID, "title": f.Title})
	}
	if c.str("channel_id") != "" {
		c.form.Set("channel", c.str("channel_id"))
		ch, err := c.destination()
		if err != nil {
			return nil, err
		}
		thread := c.str("thread_ts")
		if thread != "" && ch.find(thread) == nil {
			return nil, refuse("thread_not_found")
		}
		m := c.s.postAsBot(ch, content{text: c.str("initial_comment")}, thread)
		m.files = files
	}
	for _, f := range files {
		f.shared = true
	}
	return obj{"files": out}, nil
}

// isPNG goes by the bytes: a name is the app's word.
func (f *file) isPNG() bool { return http.DetectContentType(f.data) == "image/png" }

// filesOf describes the files of a message.
func (s *Server) filesOf(m *message) []obj {
	var out []obj
	for _, f := range m.files {
		o := obj{"id": f.ID, "name": f.Name, "title": f.Title, "size": f.size, "mimetype": "text/plain", "filetype": "text", "mode": "hosted",
			"url_private": s.base + "/workspace/files/" + f.ID}
		if f.isPNG() {
			o["mimetype"], o["filetype"] = "image/png", "png"
		}
		if f.alt != "" {
			o["alt_txt"] = f.alt
		}
		out = append(out, o)
	}
	return out
}

// serveFile gives a file to the page and to scripts.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.st.files[r.PathValue("id")]
	s.mu.Unlock()
	if f == nil || !f.shared {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8") // nothing that a browser would run
	if f.isPNG() {
		w.Header().Set("Content-Type", "image/png")
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(f.data) // the reader has gone
}
