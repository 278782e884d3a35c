package fleet

// The actions of buttons: constant, because messages live for years. A value
// is an id, or an id and a revision joined by "|"; never a fact.
const (
	ActBuild    = "news.build"          // announcement id
	ActChanges  = "news.changes"        // announcement id
	ActSnooze   = "news.snooze"         // announcement id
	ActCompare  = "plan.compare"        // plan|revision
	ActSheet    = "plan.sheet"          // plan.what.page|revision: one page of a plan's comparison, "s3" for its site 3 or "p0" for its first platform
	ActPages    = "compare.page"        // "PAGE FROM TO [URI]": one page of a comparison
	ActWithout  = "plan.without"        // plan|revision: choose sites that are left out
	ActConfirm  = "plan.confirm"        // plan|revision
	ActCancel   = "plan.cancel"         // plan|revision
	ActRehearse = "plan.rehearse"       // plan|revision: try the move on copies of its sites
	ActContinue = "plan.continue"       // plan|revision: a paused plan goes on
	ActStop     = "plan.stop"           // plan|revision: a plan ends; what is under way ends by itself
	ActSchedule = "plan.schedule"       // plan|revision: the vote of Confirm, where windows or freezes put the beginning off
	ActPause    = "plan.pause"          // plan|revision: nothing more of a plan begins until Continue
	ActUnmoved  = "plan.rollbackfailed" // plan|revision: a rollback plan for the sites that failed after their switch
	ActRetry    = "plan.retry"          // plan|revision: a fresh plan for the sites that failed
	ActUndo     = "plan.rollback"       // plan|revision: a rollback plan for the sites that were moved
	ActMoveSite = "site.move"           // task that has looked: move the site to the other host
	ActRollback = "site.rollback"       // URI|generation: a rollback plan for one site
	ActAgain    = "task.again"          // task: run the unknown step again
	ActSkip     = "task.skip"           // task: take the unknown step for done
	ActLooks    = "task.looks"          // task: what was seen is as it should be
	ActGiveUp   = "task.giveup"         // task: walk back or end as failed
	ActRebuild  = "plat.build"          // platform: build a failed platform again
	ActUpgrade  = "dist.upgrade"        // distribution: offer plans for its out-of-date sites (digest)
	ActEndTask  = "task.cancel"         // task: cancel a build
	ActRepeat   = "task.retry"          // task: order what failed once more
	ActRefresh  = "refresh.build"       // refresh: build with the newer packages
	ActRetire   = "plat.retire"         // any value: remove the old platforms that can go (digest)
	ActMoves    = "refresh.moves"       // refresh: list all of them
	ActUnmute   = "dist.unmute"         // distribution: announce it again (home)
	ActUnhide   = "mine.unmute"         // distribution: list it again on the page of whoever presses (home)
	ActWake     = "news.wake"           // announcement id: a snoozed one comes back now (home)
	ActTurn     = "list.turn"           // line|page: another page of a list, in place; the line is a command that only reads
	ActAsk      = "form.open"           // a command line: run it as whoever pressed; forms open, answers are theirs alone
	ActOpen     = "open"                // subject: a link to its message, which the bot fills in; no button where there is none
)

// IsVote reports whether a press of a button of this action is a vote on a plan,
// which the Decider records, and answers the same however often it comes.
func IsVote(action string) bool {
	return action == ActConfirm || action == ActCancel || action == ActSchedule
}
