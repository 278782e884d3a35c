package fleet

// The names in Task.Params, by kind of task. Numbers are decimal. Whoever
// orders a task sets them; the recipes in hosting read them. About is the
// platform's name for build and for a platform's verify or retire, the site's
// URI otherwise; for an adopt task it may be "" (everything found on the host).
const (
	// ParamPlatform is the platform a migrate or create task brings the site to;
	// of an inspect task the one its sites are compared with.
	ParamPlatform = "platform"
	// ParamFrom is the platform the site must still be on (migrate, rollback).
	ParamFrom = "from"
	// ParamGeneration is the generation the site must still have (migrate,
	// rollback); of a retire task the old generation to delete.
	ParamGeneration = "generation"
	// ParamTarget and ParamRules are what the plan was drawn under: the target
	// and policy revision of the distribution must still be these. Absent, as
	// for migrations by hand, they are not asked.
	ParamTarget = "target"
	ParamRules  = "rules"
	// ParamFree is the tag that lets the site upgrade without anybody's vote; it
	// must still have it. Absent where somebody has voted.
	ParamFree = "free"
	// ParamBack is the generation a rollback task returns to.
	ParamBack = "to_generation"
	// ParamBackup names a backup: the one an archive task makes, or a restore
	// task brings back. ParamKept is how many an archive task leaves; 0: all.
	ParamBackup = "backup"
	ParamKept   = "kept"
	// ParamYes lets an adopt task with a path (which may be a pattern) do what it
	// otherwise only says.
	ParamYes = "yes"
	// ParamDry makes an adopt task without a path only list what the host has, and
	// a move task only look and tell.
	ParamDry = "dry"
	// ParamSource is the site whose data a clone task copies.
	ParamSource = "source"
	// ParamRehearse is "1" if a migrate task tries the move on a copy first.
	ParamRehearse = "rehearse"
	// ParamLook is a Looking: a migrate task compares how pages look.
	ParamLook = "look"
	// ParamKeep is for how many hours a migrate task keeps the old copy.
	ParamKeep = "keep_hours"
	// ParamTo is the host that a move task brings the site to.
	ParamTo = "to_host"
	// ParamDist, ParamID and ParamPath are for people who read tasks and for
	// retire tasks: a platform's distribution, a site's ID, a tree's path.
	// An outdated task names in ParamPlatform whose lock is refreshed.
	ParamDist = "dist"
	ParamID   = "id"
	ParamPath = "path"
	// ParamWhat says what a verify or retire task is about: "platform", "site"
	// or, for retire, "generation" or "left".
	ParamWhat = "what"
)

// ResultLeft is what the last step of a rollback task keeps for people: a
// sentence about what was written to the copy that was left.
const ResultLeft = "left"

// ResultSaid is a sentence that a task's message ends with.
const ResultSaid = "said"

// The step of a login task that keeps the address, and its key there.
const (
	StepLogin  = "login"
	ResultLink = "link"
)

// The values of ParamWhat.
const (
	WhatPlatform   = "platform"
	WhatSite       = "site"
	WhatGeneration = "generation"
	WhatLeft       = "left" // the closed copy of a site that moved to another host
)
