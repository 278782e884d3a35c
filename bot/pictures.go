package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
)

// maxPictures bounds how many pictures follow one message.
const maxPictures = 10

// maxAlt bounds the words of a picture, in runes; Slack takes 1,000.
const maxAlt = 500

// album is what follows the words of a message into its thread: its pictures.
type album struct {
	parts  []Rendered
	digest string // of the pictures, "" for none
	first  int    // index of the first picture among the parts of the message
	next   int    // the part that follows an edit: the first picture if they are new, 0 for none
}

// begins gives the digest to journal with a part: the first picture's.
func (a album) begins(part int) string {
	if part == a.first && len(a.parts) > 0 {
		return a.digest
	}
	return ""
}

// album gives the pictures that are to follow so many parts with the words of p.
// Those that went into its thread do so once; other ones follow when what they show
// was taken anew.
func (s *sender) album(p fleet.Post, pictures []fleet.Picture, words int) album {
	parts, digest, whole := pictured(pictures)
	if digest == "" {
		return album{}
	}
	if s.filesRefused() {
		for i, part := range parts {
			if part.File != "" {
				parts[i] = Rendered{Text: part.Text + " Its picture cannot be shown, since I may not send files here."}
			}
		}
	}
	a := album{digest: digest, first: words}
	if digest != p.Pictures && (whole || p.Pictures == "") {
		a.next = words
	}
	// Of those that are on their way, the rest.
	if a.next > 0 || p.TS == "" || p.More > 0 && p.More < words+len(parts) {
		a.parts = parts
	}
	return a
}

// pictured draws pictures as files with their words, and one that is not kept any
// more, or is none, in words. whole says that there was no such one.
func pictured(all []fleet.Picture) (parts []Rendered, digest string, whole bool) {
	if len(all) == 0 {
		return nil, "", true
	}
	sum := sha256.New()
	whole = true
	for _, p := range all[:min(len(all), maxPictures)] {
		alt := plain(p.Alt, maxAlt)
		if strings.TrimSpace(alt) == "" {
			alt = "a picture without words"
		}
		of := sha256.Sum256(p.PNG)
		sum.Write(of[:])
		sum.Write([]byte(alt + "\n"))
		part := Rendered{Text: sentence(spoken(alt))}
		switch {
		case len(p.PNG) == 0:
			part.Text, whole = sentence("A picture is not kept any more: "+alt+"."), false
		case len(p.PNG) > fleet.MaxPicture || !strings.HasPrefix(string(p.PNG), "\x89PNG\r\n\x1a\n"):
			part.Text = sentence("A picture cannot be read: " + alt + ".")
		default:
			part.File, part.Alt = string(p.PNG), alt
		}
		parts = append(parts, part)
	}
	return parts, hex.EncodeToString(sum.Sum(nil)[:12]), whole
}

// spoken makes a sentence of the words of a picture.
func spoken(alt string) string {
	first, size := utf8.DecodeRuneInString(alt)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(alt[size:], ".") + "."
}

// announced is an answer for one person that says where its pictures come.
func announced(r commands.Reply) commands.Reply {
	if len(r.Message.Pictures) > 0 && !r.Public {
		r.Message.More = append(slices.Clone(r.Message.More), fleet.Say("The pictures come as direct messages."))
	}
	return r
}

// show sends the pictures of an answer to where it was given, or directly to the
// asker if it is for them alone. What cannot be sent is said.
func (d *dispatcher) show(ctx context.Context, at target, private bool, pictures []fleet.Picture) {
	parts, _, _ := pictured(pictures)
	if len(parts) == 0 {
		return
	}
	at, err := d.whereFilesGo(ctx, at, private)
	for _, p := range parts {
		if err == nil && p.File != "" {
			err = upload(ctx, d.api, at, p)
		} else if err == nil {
			_, err = d.put(ctx, at, p, false)
		}
	}
	if err == nil {
		return
	}
	d.log.WarnContext(ctx, "pictures were not sent", "channel", at.channel, "error", err)
	code, _ := errorCode(err)
	if slices.Contains(noFiles, code) {
		_, _ = d.put(ctx, at, Rendered{Text: "The pictures cannot be shown, since I may not send files here."}, false) // what is wrong was logged
	}
}

// whereFilesGo is the place of files for a reader: they cannot be shown to one
// person in a channel, so that what is private goes directly.
func (d *dispatcher) whereFilesGo(ctx context.Context, at target, private bool) (target, error) {
	if !private && at.channel != at.user {
		return at, nil
	}
	at = target{channel: at.user, user: at.user, direct: true}
	id, err := direct(ctx, d.api, at.user)
	if err == nil {
		at.channel = id
	}
	return at, err
}
