package bench

// All lists the measurements in the order they run. To add one: a file with a
// function that returns a Measurement, and a line here.
func All() []Measurement {
	return []Measurement{
		gitRefs(),
		gitBuild(),
		gitLink(),
		readMakefile(),
		sweep(),
		storeSites(),
		cloneDB(),
		migrate(),
		rollback(),
		confirm(),
		recovery(),
		fleet1000(),
		queues(),
		aegirSync(),
		pages(),
	}
}
