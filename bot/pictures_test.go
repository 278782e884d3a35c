package bot

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/slack-go/slack"

	"github.com/distrobot/distrobot/commands"
	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/browser"
)

const lookSubject = "look:web1/T1"

// painted is a picture as looks have them: three panels beside each other.
func painted(t *testing.T, n int, shade uint8) fleet.Picture {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 2240, 900))
	for y := range 900 {
		for x := range 2240 {
			img.Set(x, y, color.RGBA{uint8(x / 747 * 90), shade, uint8(y / 90 * 20), 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	sight := fleet.Sight{Path: fmt.Sprintf("/page <%d>", n), Width: 390, Differs: .14, Noise: .002, Threshold: .01, Picture: n}
	return fleet.Picture{N: n, Alt: fleet.TellSight(sight), PNG: out.Bytes()}
}

// looked is the message of a look with pictures.
func looked(all ...fleet.Picture) fleet.Message {
	m := said("shop.example would look otherwise after its move.")
	m.Title, m.Pictures = "How shop.example would look", all
	return m
}

// wantPictures wants each picture to be in a thread once, in order, as it is, and
// with its words.
func (r *rig) wantPictures(p fleet.Post, want ...fleet.Picture) {
	r.t.Helper()
	raw, n := r.uploaded(sites), 0
	for _, m := range r.messages(sites) {
		for _, f := range m.Files {
			if n < len(want) && (f.Alt != want[n].Alt || f.MIMEType != "image/png" || !strings.HasSuffix(f.Name, ".png") || m.ThreadTS != p.TS || m.Text != sentence("P"+want[n].Alt[1:]+".")) {
				r.t.Errorf("picture %d: %+v in %q, of the thread %s", n, f, m.Text, m.ThreadTS)
			}
			n++
		}
	}
	if n != len(want) {
		r.t.Errorf("%d pictures, want %d", n, len(want))
	}
	for i := range min(n, len(want)) {
		if raw[i] != string(want[i].PNG) {
			r.t.Errorf("picture %d has other bytes", i)
		}
	}
}

// TestPicturesOnce: the pictures of a message follow into its thread once, however
// often it is wished for and edited; those taken anew follow, too.
func TestPicturesOnce(t *testing.T) {
	r := newRig(t, rigOptions{})
	one, two, anew := painted(t, 1, 10), painted(t, 2, 60), painted(t, 1, 200)
	r.story.set(lookSubject, looked(one, two))
	r.want(lookSubject, sites)
	p := r.idle(lookSubject, sites)
	r.wantPictures(p, one, two)
	r.want(lookSubject, sites) // the same notice once more
	r.idle(lookSubject, sites)
	r.story.set(lookSubject, func() fleet.Message { m := looked(one, two); m.Footer = fleet.Say("Seen by bob."); return m }())
	r.want(lookSubject, sites)
	r.idle(lookSubject, sites)
	r.wantPictures(p, one, two)
	r.story.set(lookSubject, looked(anew, two)) // "Retry the pictures"
	r.want(lookSubject, sites)
	r.idle(lookSubject, sites)
	r.wantPictures(p, one, two, anew, two)
	anew.PNG = nil // a week later
	r.story.set(lookSubject, looked(anew, two))
	r.want(lookSubject, sites)
	r.idle(lookSubject, sites)
	if n := len(r.messages(sites)); n != 5 {
		t.Errorf("%d messages, want the one and four pictures", n)
	}
}

// TestPicturesAfterACrash: a sender dies between the upload of a picture and its
// record, or before the upload: either way it is there once.
func TestPicturesAfterACrash(t *testing.T) {
	for _, arrived := range []bool{true, false} {
		t.Run(fmt.Sprintf("arrived %v", arrived), func(t *testing.T) {
			r := newRig(t, rigOptions{idle: true})
			one, two := painted(t, 1, 10), painted(t, 2, 60)
			m := looked(one, two)
			r.story.set(lookSubject, m)
			_, root, err := r.bot.api.PostMessageContext(t.Context(), sites, messageOptions(Render(m))...)
			if err != nil {
				t.Fatal(err)
			}
			parts, digest, _ := pictured(m.Pictures)
			if arrived { // what the dead process sent
				part := parts[0]
				part.Mark = "N0NCE"
				if err := upload(t.Context(), r.bot.api, target{channel: sites, thread: root}, part); err != nil {
					t.Fatal(err)
				}
			}
			r.want(lookSubject, sites, func(p *fleet.Post) {
				p.TS, p.Shown, p.State, p.Nonce, p.Due, p.More, p.Pictures = root, Render(m).digest(), fleet.PostSending, "N0NCE", time.Now(), 1, digest
			})
			r.start(r.bot)
			r.wantPictures(r.idle(lookSubject, sites), one, two)
		})
	}
}

// TestPictureWithoutAnAnswer: Slack shares a picture, but its answer is lost.
func TestPictureWithoutAnAnswer(t *testing.T) {
	r := newRig(t, rigOptions{idle: true})
	lossy := &dropAnswer{to: "files.completeUploadExternal", next: r.bot.client}
	r.bot.sender.api = slack.New(r.ws.BotToken(), slack.OptionAPIURL(r.url+"/api/"), slack.OptionHTTPClient(lossy))
	one := painted(t, 1, 10)
	r.story.set(lookSubject, looked(one))
	r.want(lookSubject, sites)
	r.start(r.bot)
	r.wantPictures(r.idle(lookSubject, sites), one)
	if lossy.dropped() != 1 {
		t.Errorf("%d answers were lost", lossy.dropped())
	}
}

// TestPicturesInWords: a picture that is not kept any more, one that is none, and
// all where the bot may send no files, are told in words, and once.
func TestPicturesInWords(t *testing.T) {
	gone, one, odd := painted(t, 1, 10), painted(t, 2, 60), painted(t, 3, 90)
	gone.PNG, odd.PNG = nil, []byte("<svg/>")
	for name, tt := range map[string]struct {
		poor bool
		want []string
	}{
		"gone":  {false, []string{"A picture is not kept any more: page /page &lt;1&gt;, 390 px", "Page /page &lt;2&gt;", "A picture cannot be read: page"}},
		"scope": {true, []string{"A picture is not kept any more", "Page /page &lt;2&gt;, 390 px: 14 % differs", "A picture cannot be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigOptions{idle: true})
			if tt.poor {
				r.bot.sender.refuseFiles()
			}
			r.story.set(lookSubject, looked(gone, one, odd))
			r.start(r.bot)
			for range 2 {
				r.want(lookSubject, sites)
				r.idle(lookSubject, sites)
			}
			got := r.messages(sites)
			if len(got) != 4 {
				t.Fatalf("%d messages, want 4: %s", len(got), toJSON(got))
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(got[i+1].Text, want) || (len(got[i+1].Files) == 1) != (i == 1 && !tt.poor) {
					t.Errorf("part %d: %+v, want %q", i+1, got[i+1], want)
				}
			}
			if words := "I may not send files"; strings.Contains(got[2].Text, words) != tt.poor {
				t.Errorf("%q, and %q: %v", got[2].Text, words, tt.poor)
			}
		})
	}
}

// TestPicturesOfAnAnswer: the pictures of an answer for one person go to them
// alone, and the answer says so; of a mention they go into the channel.
func TestPicturesOfAnAnswer(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		one := painted(t, 1, 10)
		public := false
		r.desk.run = func(commands.Ask) (commands.Reply, error) {
			return commands.Reply{Message: looked(one), Public: public}, nil
		}
		said := toJSON(r.say("bob", "sites", "/distro looks T1"))
		if words := "come as direct messages"; !strings.Contains(said, words) {
			r.eventually("it says where they come", func() bool { return strings.Contains(toJSON(r.state().Ephemerals), words) })
		}
		r.eventually("a picture for bob alone", func() bool { return slices.Equal(r.uploaded("D0BOB"), []string{string(one.PNG)}) })
		if n := len(r.uploaded(sites)); n != 0 {
			t.Errorf("%d pictures for everybody", n)
		}
		public = true
		r.say("bob", "sites", "<@"+r.ws.BotUserID()+"> looks T1")
		r.eventually("a picture in the channel", func() bool { return slices.Equal(r.uploaded(sites), []string{string(one.PNG)}) })
	})
}

// TestPictureInThePage: people see it in the thread, with its words for those who do
// not, and at its own size when they press it.
func TestPictureInThePage(t *testing.T) {
	r := newRig(t, rigOptions{})
	r.story.set(lookSubject, looked(painted(t, 1, 10), painted(t, 2, 90)))
	r.want(lookSubject, sites)
	p := r.idle(lookSubject, sites)
	w := browser.Open(t, "pictures")
	w.Look(1280, 860, "light")
	link := `[data-ts="` + p.TS + `"] .thread-link`
	w.Do("open", chromedp.Navigate(r.url+"/?token="+r.ws.Token()+"#"+sites), chromedp.WaitVisible(link))
	w.Do("open the thread", chromedp.Click(link), chromedp.WaitVisible(".side .picture"))
	w.Await("the picture is drawn", `[...document.querySelectorAll(".side .picture img")].every((i) => i.complete && i.naturalWidth === 2240)`)
	if alt := browser.Script[string](w, `document.querySelector(".side .picture img").alt`); !strings.HasPrefix(alt, "page /page <1>, 390 px: 14 % differs") {
		t.Errorf("its words: %q", alt)
	}
	for _, width := range []int64{1280, 390} {
		w.Look(width, 860, "light")
		w.Shoot(fmt.Sprint("thread-", width))
	}
	w.Look(1280, 860, "dark")
	w.Do("press it", chromedp.Click(".side .picture"), chromedp.WaitVisible(".viewer img"))
	if width := browser.Script[int](w, `document.querySelector(".viewer img").clientWidth`); width != 2240 {
		t.Errorf("it is shown %d pixels wide", width)
	}
	w.Shoot("own-size")
	w.Do("close it", chromedp.Click(".viewer .button"))
	w.Await("it is closed", `!document.querySelector(".viewer")`)
	w.Quiet()
}
