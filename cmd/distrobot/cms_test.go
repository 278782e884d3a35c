package main

import (
	"cmp"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/distrobot/distrobot/fleet"
	"github.com/distrobot/distrobot/internal/chat"
	"github.com/distrobot/distrobot/internal/mirror"
)

// cmsStory is told about a real CMS: its newest release is built when the
// distribution is added, the one before on request, and they are compared.
const cmsStory = `
start try try --listen 127.0.0.1:0
say alice '#sites' '/distro add cms --url '$REPO' --tags '$TAGS
built $NEWEST
say alice '#sites' '/distro build cms '$BEFORE
built $BEFORE
exec distrobot do 'show cms-'$NEWEST
stdout $KIND'(/core)? +core +'$NEWEST
exec distrobot do 'compare cms-'$BEFORE' cms-'$NEWEST
stdout $KIND'(/core)? +'$BEFORE' +'$NEWEST' +upgraded'
! exec distrobot do 'site create shop.example cms-'$NEWEST
stdout 'Sites of kind '$KIND' cannot be hosted yet'
say alice '#sites' '/distro add wrong --url '$REPO' --tags '$TAGS' --kind '$OTHER
see '#sites' 'This code looks like '$KIND ', not like '$OTHER
exec distrobot do 'edit wrong --kind '$KIND
counters
quit try
`

// maxBuild is how long the first build of a large repository may take.
const maxBuild = 2 * time.Minute

// TestRealCMS runs the program on a real CMS, which the build does not bring
// along: DISTROBOT_CMS_REPO names a bare repository, DISTROBOT_CMS_TAGS the tags
// to follow, DISTROBOT_CMS_KIND what it is.
func TestRealCMS(t *testing.T) {
	repo, tags, kind := os.Getenv("DISTROBOT_CMS_REPO"), os.Getenv("DISTROBOT_CMS_TAGS"), os.Getenv("DISTROBOT_CMS_KIND")
	if repo == "" {
		t.Log("DISTROBOT_CMS_REPO is not set: no real CMS is built")
		return
	}
	newest, before := lastTags(t, repo, tags)
	script := filepath.Join(t.TempDir(), "cms.txtar")
	if err := os.WriteFile(script, []byte(cmsStory), 0o600); err != nil {
		t.Fatal(err)
	}
	backend, err := mirror.HTTPBackend(filepath.Dir(repo))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(backend)
	t.Cleanup(srv.Close) // not deferred: scripts run after this function
	other := map[string]string{"wordpress": "drupal", "drupal": "backdrop", "backdrop": "wordpress"}[kind]
	testscript.Run(t, testscript.Params{
		Files: []string{script},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": cmdStart, "quit": cmdStop, "say": cmdSay, "see": cmdSee, "counters": cmdCounters, "built": cmdBuilt,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("REPO", srv.URL+"/"+filepath.Base(repo))
			env.Setenv("TAGS", tags)
			env.Setenv("KIND", kind)
			env.Setenv("OTHER", other)
			env.Setenv("NEWEST", newest)
			env.Setenv("BEFORE", before)
			return setupScript(env)
		},
	})
}

// lastTags gives the newest tag of a repository that an expression matches, and
// the one before it.
func lastTags(t *testing.T, repo, expression string) (newest, before string) {
	t.Helper()
	out, err := exec.Command("git", "--git-dir", repo, "tag", "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	follows := regexp.MustCompile("^(?:" + expression + ")$")
	var all []fleet.Version
	for _, name := range strings.Fields(string(out)) {
		if v, ok := fleet.ParseVersion(name); ok && follows.MatchString(name) {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b fleet.Version) int {
		return cmp.Or(a.Compare(b), strings.Compare(a.String(), b.String()))
	})
	if len(all) < 2 {
		t.Fatalf("%s matches %d tags of %s, and two are needed", expression, len(all), repo)
	}
	return all[len(all)-1].String(), all[len(all)-2].String()
}

// cmdBuilt: built TAG waits until the platform of the tag is built, and says
// how long that took.
func cmdBuilt(ts *testscript.TestScript, _ bool, args []string) {
	began, name := time.Now(), "cms-"+args[0]
	ends := regexp.MustCompile(`cms[- ]` + regexp.QuoteMeta(args[0]) + `(?:[^.\w].*)?(?:built|ready|failed)`)
	ts.Check(theChat(ts).Await(maxBuild, func(s chat.State) (bool, string) {
		m, ok := s.FindWith("#sites", func(m chat.Message) bool { return ends.MatchString(m.Words()) && !m.Holds("Building") })
		if ok && m.Holds("failed") {
			ts.Fatalf("%s", m.Words())
		}
		return ok, fmt.Sprintf("%s is not built:\n%s\nto alice: %+v", name, s.Dump("#sites"), s.Ephemerals)
	}))
	ts.Logf("%s was built in %s", name, time.Since(began).Round(time.Millisecond))
}
