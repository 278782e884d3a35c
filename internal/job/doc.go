// Package job runs the steps of a task and keeps their journal. "started" is
// journaled before a step acts and "done" after; if the journal cannot be
// written the work stops. After a crash a started step is unknown: its Done
// check asks the machine; certainly done goes on, certainly not done runs
// again if the step is repeatable, anything else holds the task for a person.
package job
