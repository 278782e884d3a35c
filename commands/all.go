package commands

// all lists every command, one a line, in the order of help within a group.
// Adding a command is one file and one line here.
func all(t *Table) []Command {
	return append([]Command{
		newAdd(t),
		newEdit(t),
		newRemove(t),
		newList(t),
		newShow(t),
		newCheck(t),
		newSnooze(t),
		newIgnore(t),
		newMute(t),
		newHooks(t),

		newBuild(t),
		newTarget(t),
		newAssign(t),
		newUnassign(t),
		newPlatforms(t),
		newLock(t),
		newUnlock(t),
		newRetire(t),

		newSites(t),
		newAdvisories(t),
		newSiteCreate(t),
		newSiteAdopt(t),
		newSiteMove(t),
		newSiteRemove(t),
		newSiteClone(t),
		newSiteBackup(t),
		newSiteBackups(t),
		newSiteRestore(t),
		newSiteLogin(t),
		newSiteAlias(t),
		newSiteUnpin(t),
		newSiteTag(t),
		newSitePriority(t),
		newSiteWindow(t),
	}, decisions(t)...)
}

// decisions lists the commands about upgrades, what works on them, and what is
// told of it.
func decisions(t *Table) []Command {
	return []Command{
		newCompare(t),
		newPage(t),
		newUpgrade(t),
		newWithout(t),
		newRehearse(t),
		newMigrate(t),
		newRollback(t),
		newPlan(t),
		newPlans(t),
		newConfirm(t),
		newReject(t),
		newContinue(t),
		newStop(t),
		newPause(t),
		newResume(t),
		newAbort(t),
		newFreeze(t),
		newThaw(t),
		newRetry(t),
		newStats(t),

		newTasks(t),
		newTask(t),
		newCancel(t),
		newSkip(t),
		newGiveUp(t),
		newLooks(t),
		newLooksRight(t),
		newHosts(t),
		newHostsPause(t),
		newHostsResume(t),
		newHostsHandover(t),
		newHostsRelease(t),

		newDigest(t),
		newDigestAdd(t),
		newDigestList(t),
		newDigestRemove(t),

		newPolicy(t),
		newPolicyShow(t),
		newPolicyCheck(t),
		newPolicySet(t),
		newPolicyReset(t),
		newAudit(t),
		newWhoami(t),
		newHelp(t),
	}
}
