package fleet

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// A Narrator says what a subject looks like now. It reads the records a
// message is about; the words are in the Tell functions, which are pure.
type Narrator struct {
	Store Store
	Now   func() time.Time // when something is shown; nil is time.Now
	Logs  Logs             // where running builds show the end of their log from; nil shows none
	Chart Chartist         // draws the trend below a digest; nil draws none
}

// Message gives the message of a subject's present state. The error is
// NotFound when the subject is gone or of a kind that this version does not
// know.
func (n *Narrator) Message(ctx context.Context, s Subject) (Message, error) {
	tellers := map[string]func(context.Context, string) (Message, error){
		AboutNews:     n.news,
		AboutPlatform: n.platform,
		AboutPlan:     n.plan,
		AboutPlanLog:  n.planLog,
		AboutTask:     n.task,
		AboutDigest:   n.digest,
		AboutAlarm:    n.alarm,
		AboutLook:     n.look,
		AboutRefresh:  n.refresh,
		AboutGlass:    n.glass,
	}
	tell, known := tellers[s.Kind()]
	if !known {
		return Message{}, Errorf(NotFound, "There is nothing like %q.", Clean(string(s), 80))
	}
	m, err := tell(ctx, s.ID())
	if err != nil {
		return Message{}, err
	}
	m.Subject = s
	return m, nil
}

func (n *Narrator) news(ctx context.Context, id string) (Message, error) {
	a := Announcement{ID: id}
	if err := One(ctx, n.Store, &a, "announcement "+Clean(id, 60)); err != nil {
		return Message{}, err
	}
	v := NewsView{News: a}
	var err error
	if v.Counts, err = n.counts(ctx, a.Distribution); err != nil {
		return Message{}, err
	}
	v.Distribution = Distribution{Name: a.Distribution}
	v.Platform = Platform{Name: a.Platform}
	recs := []Record{&v.Distribution}
	if a.Platform != "" {
		recs = append(recs, &v.Platform)
	}
	if _, err := n.Store.Read(ctx, recs...); err != nil {
		return Message{}, err
	}
	if v.Peril, err = (&Advisories{Store: n.Store}).PerilOf(ctx, v.Counts, v.Platform.Name); err != nil {
		return Message{}, err
	}
	v.Task, v.Log, err = n.building(ctx, v.Platform)
	return TellNews(v), err
}

func (n *Narrator) platform(ctx context.Context, id string) (Message, error) {
	v := PlatformView{Platform: Platform{Name: PlatformName(id)}}
	if err := One(ctx, n.Store, &v.Platform, "platform "+Clean(id, 80)); err != nil {
		return Message{}, err
	}
	v.Distribution = Distribution{Name: v.Platform.Distribution}
	v.Facts = PlatformFacts{Platform: v.Platform.Name}
	found, err := n.Store.Read(ctx, &v.Facts, &v.Distribution)
	if err != nil {
		return Message{}, err
	}
	v.Known = found[0]
	if v.Counts, err = n.counts(ctx, v.Platform.Distribution); err != nil {
		return Message{}, err
	}
	v.Task, v.Log, err = n.building(ctx, v.Platform)
	return TellPlatform(v), err
}

// buildTask reads the task of a build under way; a zero Task otherwise.
func (n *Narrator) buildTask(ctx context.Context, p Platform) (Task, error) {
	if p.Task == "" || (p.State != PlatformQueued && p.State != PlatformBuilding && p.State != PlatformVerifying) {
		return Task{}, nil
	}
	t, err := (&Tasks{Store: n.Store}).Find(ctx, p.Task)
	if CodeOf(err) == NotFound {
		return Task{}, nil
	}
	return t, err
}

func (n *Narrator) plan(ctx context.Context, id string) (Message, error) {
	v := PlanView{Plan: Plan{ID: PlanID(id)}, Tasks: map[TaskID]Task{}}
	if err := One(ctx, n.Store, &v.Plan, "plan "+Clean(id, 40)); err != nil {
		return Message{}, err
	}
	var tasks []*Task
	var recs []Record
	for _, s := range v.Plan.Sites {
		open := s.Progress == SiteRunning || s.Progress == SiteHeld
		if open && s.Task != "" && len(recs) < 2*tellSites {
			t := &Task{ID: s.Task, Host: s.Host}
			tasks, recs = append(tasks, t), append(recs, t)
		}
	}
	if len(recs) > 0 {
		found, err := n.Store.Read(ctx, recs...)
		if err != nil {
			return Message{}, err
		}
		for i, t := range tasks {
			if found[i] {
				v.Tasks[t.ID] = *t
			}
		}
	}
	var err error
	if v.Frozen, err = n.frozen(ctx, v.Plan); err != nil {
		return Message{}, err
	}
	v.Now = n.now()
	if v.Advice, err = n.advice(ctx, v.Plan); err != nil {
		return Message{}, err
	}
	if v.Tried, err = n.tried(ctx, v.Plan); err != nil {
		return Message{}, err
	}
	err = n.returnable(ctx, &v)
	return TellPlan(v), err
}

func (n *Narrator) now() time.Time {
	if n.Now == nil {
		return time.Now()
	}
	return n.Now()
}

// frozen reads the freezes that may hold a plan back.
func (n *Narrator) frozen(ctx context.Context, p Plan) ([]Freeze, error) {
	fs := []Freeze{{}, {Distribution: p.Distribution}}
	if _, err := n.Store.Read(ctx, &fs[0], &fs[1]); err != nil {
		return nil, err
	}
	return fs, nil
}

// planLog tells one line of a plan's thread; the id is "PLAN/N", N from 0.
func (n *Narrator) planLog(ctx context.Context, id string) (Message, error) {
	plan, line, _ := strings.Cut(id, "/")
	p := Plan{ID: PlanID(plan)}
	if err := One(ctx, n.Store, &p, "plan "+Clean(plan, 40)); err != nil {
		return Message{}, err
	}
	i, err := strconv.Atoi(line)
	if err != nil || i < 0 || i >= len(p.Log) {
		return Message{}, Errorf(NotFound, "There is no such line in the log of plan %s.", p.ID)
	}
	return TellPlanEvent(p.Log[i]), nil
}

func (n *Narrator) task(ctx context.Context, id string) (Message, error) {
	t, err := (&Tasks{Store: n.Store}).Find(ctx, TaskID(id))
	if err != nil {
		return Message{}, err
	}
	return TellTask(t), nil
}

func (n *Narrator) alarm(ctx context.Context, id string) (Message, error) {
	a := Alarm{ID: id}
	if err := One(ctx, n.Store, &a, "alarm "+Clean(id, 60)); err != nil {
		return Message{}, err
	}
	return TellAlarm(a), nil
}

// counts gives the platforms of a distribution that have sites, most sites
// first.
func (n *Narrator) counts(ctx context.Context, d DistName) ([]PlatformCount, error) {
	if d == "" {
		return nil, nil
	}
	names, err := n.Store.List(ctx, PlatformsOf(d), Page{Descending: true})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	ixs := make([]Index, len(names))
	for i, name := range names {
		ixs[i] = SitesOf(PlatformName(name))
	}
	sizes, err := n.Store.Count(ctx, ixs...)
	if err != nil {
		return nil, err
	}
	var out []PlatformCount
	for i, name := range names {
		if sizes[i] > 0 {
			out = append(out, PlatformCount{Platform: Platform{Name: PlatformName(name), Distribution: d}, Sites: sizes[i]})
		}
	}
	tellWorstFirst(out)
	return out, nil
}
