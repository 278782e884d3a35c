package fleet

// AutoKind is the kind of a distribution whose platforms are what their code
// is: it is found when a platform is built. A ready platform never has it.
const AutoKind KindName = "auto"

// KindChanges is the rule of a distribution's new kind: its platforms must be
// of it, except those that failed or are retired, which will be built anew.
func KindChanges(d Distribution, platforms []Platform) error {
	for _, p := range platforms {
		if p.Kind != d.Kind && d.Kind != AutoKind && p.State != PlatformFailed && p.State != PlatformRetired {
			return Errorf(Refused, "The kind of %s cannot change: its platform %s is of kind %s.", d.Name, p.Name, p.Kind)
		}
	}
	return nil
}
